// Opens an archive with iExec's own SDK: node sdk-decrypt.mjs SDK-FOLDER KEY.pem ARCHIVE OUTPUT
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, key, archive, output] = process.argv.slice(2);
const library = createRequire(resolve(folder, 'package.json')).resolve('iexec/utils');
const { decryptResult } = await import(pathToFileURL(library));
await writeFile(output, await decryptResult(await readFile(archive), await readFile(key)));
