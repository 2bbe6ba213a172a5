// A message's text: line breaks as they are, addresses as links, `code` and ```blocks of code```.
import { Fragment, memo, type ReactNode } from 'react';

const PIECES = /```\n?([\s\S]+?)\n?```|`([^`\n]+)`|(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/g;

export const Body = memo(function Body({ text }: { text: string }) {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const found of text.matchAll(PIECES)) {
    const [whole, block, code, url] = found;
    if (found.index > end) parts.push(text.slice(end, found.index));
    end = found.index + whole.length;
    if (block !== undefined) parts.push(<pre>{block}</pre>);
    else if (code !== undefined) parts.push(<code>{code}</code>);
    else
      parts.push(
        <a href={url} target="_blank" rel="noreferrer">
          {url}
        </a>,
      );
  }
  if (end < text.length) parts.push(text.slice(end));
  return (
    <div className="body" dir="auto">
      {parts.map((part, i) => (
        <Fragment key={i}>{part}</Fragment>
      ))}
    </div>
  );
});
