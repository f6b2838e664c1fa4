/** What a server answered, for an error's text: status, type and, where given, how its `bytes` begin. */
export function describeAnswer({ status, headers }: Response, bytes?: ArrayBuffer): string {
  const type = headers.get('content-type') ?? 'no type';
  const start = bytes && new TextDecoder().decode(bytes.slice(0, 40)).replace(/[^ -~]+/g, ' ');
  return `status ${status}, ${type}${bytes ? `, ${bytes.byteLength} bytes "${start}"` : ''}`;
}
