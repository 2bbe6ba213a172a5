// Asking the server. Errors carry what it says, for people to read.

export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const KEY = 'wherry-inspector-token';

/** Kept until the tab is closed; never in the address. */
export const token = {
  get: () => sessionStorage.getItem(KEY) ?? '',
  set: (value) => (value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY)),
};

/** Integers that a double cannot hold come as bigints. */
function exactNumbers(_, value, context) {
  const isWhole = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isWhole && context && /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}

/** `ask(['workspaces', name, 'commands'], { limit: 10 }, signal)` */
export async function ask(path, query = {}, signal = undefined) {
  const params = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value !== undefined));
  const url = `api/${path.map(encodeURIComponent).join('/')}${params.size > 0 ? `?${params}` : ''}`;
  const headers = token.get() ? { Authorization: `Bearer ${token.get()}` } : {};
  let response, text;
  try {
    response = await fetch(url, { headers, signal, cache: 'no-store' });
    text = await response.text();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refused(0, 'unavailable', 'The server does not answer.');
  }
  let answer;
  try {
    answer = JSON.parse(text, exactNumbers);
  } catch {
    throw new Refused(response.status, 'internal', `The server answered ${response.status}: ${text.slice(0, 200)}`);
  }
  if (!response.ok) throw new Refused(response.status, answer.error?.code ?? 'internal', answer.error?.message ?? 'It failed.');
  return answer;
}
