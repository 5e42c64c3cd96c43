// A server of the Model Context Protocol with one tool, on standard input and output. When a client has come it leaves in
// the file MARK the command lines of itself and of all that it was started by, as far as they can be seen.
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const result = answerTo(method, params);
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
});

function answerTo(method, params) {
  if (method === 'initialize') {
    writeFileSync(process.env.MARK, `${commandLines(process.pid).join('\n')}\n`);
    const serverInfo = { name: 'tools', version: '1' };
    return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo };
  }
  if (method === 'tools/list') {
    return { tools: [{ name: 'echo', description: 'Says it.', inputSchema: { type: 'object' } }] };
  }
  return method === 'tools/call' ? { content: [{ type: 'text', text: 'echoed' }] } : {};
}

/** Of a process and its parents. None where there is no /proc. */
function commandLines(pid) {
  try {
    const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return [line, ...commandLines(Number(parent))];
  } catch {
    return [];
  }
}
