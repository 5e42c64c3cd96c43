// A server of the Model Context Protocol with one tool, on standard input and output. Leaves the file MARK when a client
// has come.
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const result = answerTo(method, params);
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
});

function answerTo(method, params) {
  if (method === 'initialize') {
    writeFileSync(process.env.MARK, 'come');
    const serverInfo = { name: 'tools', version: '1' };
    return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo };
  }
  if (method === 'tools/list') {
    return { tools: [{ name: 'echo', description: 'Says it.', inputSchema: { type: 'object' } }] };
  }
  return method === 'tools/call' ? { content: [{ type: 'text', text: 'echoed' }] } : {};
}
