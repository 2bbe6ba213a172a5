/** Initials on a colour that is always the same for the same user. */
export function Avatar({ id, name }: { id: string; name: string }) {
  const initials = name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('');
  return (
    <span
      className="avatar"
      style={{ background: `hsl(${hueOf(id)} 42% 33%)` }}
      data-initials={initials.toUpperCase()}
      aria-hidden="true"
    />
  );
}

function hueOf(id: string): number {
  let hash = 7;
  for (const char of id) hash = (hash * 31 + char.codePointAt(0)!) % 9973;
  return (hash * 47) % 360;
}
