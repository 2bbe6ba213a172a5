// MessagePack for what passes between JavaScript and the core: SQLite's five kinds of value, and arrays of
// them. Integers beyond what a number holds exactly are bigints. Source: the MessagePack specification.

export type Value = null | number | bigint | string | Uint8Array | boolean | Value[];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes into a buffer that grows and is used again; `finish` gives a view of it, good until the next `begin`. */
export class Writer {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  begin(): this {
    this.#at = 0;
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  value(value: Value): this {
    if (value === null) return this.#byte(0xc0);
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'boolean':
        return this.#byte(value ? 0xc3 : 0xc2);
      case 'bigint':
        return this.#integer64(value);
      case 'number':
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? this.#integer(value) : this.#real(value);
    }
    if (value instanceof Uint8Array) return this.#blob(value);
    this.#head(value.length, 0x90, 16, 0xdc);
    for (const one of value) this.value(one);
    return this;
  }

  #room(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #byte(byte: number): this {
    this.#room(1);
    this.#bytes[this.#at++] = byte;
    return this;
  }

  /** A count: in the tag below `few`, else in two or four bytes behind `wide` or the tag after it. */
  #head(count: number, tag: number, few: number, wide: number): void {
    this.#room(5);
    if (count < few) {
      this.#bytes[this.#at++] = tag | count;
    } else if (count < 0x10000) {
      this.#bytes[this.#at++] = wide;
      this.#view.setUint16(this.#at, count);
      this.#at += 2;
    } else {
      this.#bytes[this.#at++] = wide + 1;
      this.#view.setUint32(this.#at, count);
      this.#at += 4;
    }
  }

  #integer(value: number): this {
    if (value >= 0 && value < 128) return this.#byte(value);
    if (value >= -0x80000000 && value < 0x80000000) {
      this.#room(5);
      this.#bytes[this.#at++] = 0xd2;
      this.#view.setInt32(this.#at, value);
      this.#at += 4;
      return this;
    }
    return this.#integer64(BigInt(value));
  }

  #integer64(value: bigint): this {
    this.#room(9);
    this.#bytes[this.#at++] = 0xd3;
    this.#view.setBigInt64(this.#at, value);
    this.#at += 8;
    return this;
  }

  #real(value: number): this {
    this.#room(9);
    this.#bytes[this.#at++] = 0xcb;
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
    return this;
  }

  #text(text: string): this {
    // Three bytes for each UTF-16 unit at most; the head is written when the length is known.
    this.#room(5 + 3 * text.length);
    const start = this.#at + 5;
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(start));
    this.#head(written, 0xa0, 32, 0xda);
    this.#bytes.copyWithin(this.#at, start, start + written);
    this.#at += written;
    return this;
  }

  #blob(bytes: Uint8Array): this {
    this.#head(bytes.length, 0, 0, 0xc5);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }
}

/** Reads one value. Blobs are copies, so that nothing points into memory that may go. */
export function decode(bytes: Uint8Array): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  const text = (length: number): string => {
    const end = at + length;
    if (length < 48) {
      let ascii = '';
      let i = at;
      for (; i < end && bytes[i]! < 0x80; ++i) ascii += String.fromCharCode(bytes[i]!);
      if (i === end) {
        at = end;
        return ascii;
      }
    }
    const made = decoder.decode(bytes.subarray(at, end));
    at = end;
    return made;
  };
  const array = (length: number): Value[] => {
    const made = new Array<Value>(length);
    for (let i = 0; i < length; ++i) made[i] = value();
    return made;
  };
  const blob = (length: number): Uint8Array => {
    at += length;
    return bytes.slice(at - length, at);
  };
  const moved = (by: number): number => {
    at += by;
    return at - by;
  };
  const wide = (integer: bigint): number | bigint => {
    const number = Number(integer);
    return Number.isSafeInteger(number) ? number : integer;
  };
  const value = (): Value => {
    const tag = bytes[at++]!;
    if (tag < 0x80) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag >= 0xa0 && tag < 0xc0) return text(tag & 31);
    if (tag >= 0x90 && tag < 0xa0) return array(tag & 15);
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return blob(view.getUint8(moved(1)));
      case 0xc5:
        return blob(view.getUint16(moved(2)));
      case 0xc6:
        return blob(view.getUint32(moved(4)));
      case 0xcb:
        return view.getFloat64(moved(8));
      case 0xcc:
        return view.getUint8(moved(1));
      case 0xcd:
        return view.getUint16(moved(2));
      case 0xce:
        return view.getUint32(moved(4));
      case 0xcf:
        return wide(view.getBigUint64(moved(8)));
      case 0xd0:
        return view.getInt8(moved(1));
      case 0xd1:
        return view.getInt16(moved(2));
      case 0xd2:
        return view.getInt32(moved(4));
      case 0xd3:
        return wide(view.getBigInt64(moved(8)));
      case 0xd9:
        return text(view.getUint8(moved(1)));
      case 0xda:
        return text(view.getUint16(moved(2)));
      case 0xdb:
        return text(view.getUint32(moved(4)));
      case 0xdc:
        return array(view.getUint16(moved(2)));
      case 0xdd:
        return array(view.getUint32(moved(4)));
    }
    throw new Error(`MessagePack: unexpected tag ${tag}`);
  };
  return value();
}
