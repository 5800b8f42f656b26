const MAX_SHOWN = 64;

/** Options whose values are not for a log, whatever they are called in full. */
const SECRET = /secret|pass?word|passwd|token|key|credential|auth/iu;

/** Show the value of an option in a message: short, in one line, and without what may be a secret. */
export function shownValue(value: unknown, name = ''): string {
  switch (typeof value) {
    case 'string':
      return SECRET.test(name) ? 'a string' : JSON.stringify(shortened(withoutPassword(value)));
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? 'an array' : 'an object';
    case 'bigint':
      return `${value}n`;
    default:
      return String(value);
  }
}

/** The user and password of an address stay out of messages. */
function withoutPassword(text: string): string {
  return text.replace(/:\/\/\S*@/u, '://***@');
}

function shortened(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
