// Opens every vector with iExec's SDK: node sdk.mjs SDK-FOLDER. A line for each: its name, what is expected, what came.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder] = process.argv.slice(2);
const library = createRequire(resolve(folder, 'package.json')).resolve('iexec/utils');
const { decryptResult } = await import(pathToFileURL(library));
const here = new URL('.', import.meta.url);

const vectors = (await readdir(here)).filter((name) => name.endsWith('.vector')).sort();
for (const name of vectors) {
  const bytes = await readFile(new URL(name, here));
  const end = bytes.indexOf('\n\n');
  const header = Object.fromEntries(bytes.toString('utf8', 0, end).split('\n').map((line) => line.split(/: (.*)/s)));
  const key = await readFile(new URL(`keys/${header.key}.pem`, here));
  console.log(name.replace('.vector', ''), header.expect, await outcome(bytes.subarray(end + 2), key, header));
}

// The SDK knows no classes of failure: it opens an archive, or it does not.
async function outcome(archive, key, header) {
  let result;
  try {
    result = Buffer.from(await decryptResult(archive, key));
  } catch {
    return 'refused';
  }
  if (createHash('sha256').update(result).digest('hex') === header.plaintext) {
    return 'result';
  }
  return header.plaintext ? 'other-bytes' : `released-${result.length}-bytes`;
}
