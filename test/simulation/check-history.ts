// From the command line: whether a history that was recorded, one line of JSON per operation, is linearizable.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { byFolder, keysModel, type RecordedOperation } from './keys-model.ts';
import { checkLinearizable } from './linearizability.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node test/simulation/check-history.ts FILE');

const recorded: RecordedOperation[] = [];
for await (const line of createInterface({ input: createReadStream(file) })) {
  if (line.trim() !== '') recorded.push(JSON.parse(line) as RecordedOperation);
}
for (const [folder, operations] of byFolder(recorded)) {
  const verdict = checkLinearizable(keysModel, operations);
  if (verdict.type === 'linearizable') continue;
  process.exitCode = 1;
  const stuckAt = verdict.type === 'violation' ? operations[verdict.stuckAt] : undefined;
  const { start, end } = stuckAt ?? {};
  console.log(`${folder}: ${verdict.type}${start === undefined ? '' : ` around ${start}..${end}`}`);
}
console.log(`${recorded.length} operations`);
