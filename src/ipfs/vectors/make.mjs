// Makes the vectors in this folder, by the importer of Helia and js-ipfs:
//   npm install ipfs-unixfs-importer@17.1.1 blockstore-core@7 @ipld/car@5 && node make.mjs FOLDER
// Byte i of every file is (i * 151 + (i >> 8) * 7 + (i >> 16) * 13) mod 256, so that no two chunks are alike.
// Writes cids.json and, of small files, what a trustless gateway answers: CARs in depth-first order, with duplicates.
import { writeFileSync } from 'node:fs'
import { MemoryBlockstore } from 'blockstore-core'
import { CarWriter } from '@ipld/car'
import { importer } from 'ipfs-unixfs-importer'
import * as dagPb from '@ipld/dag-pb'

const folder = process.argv[2] ?? '.'
const chunk = 256 * 1024
const sizes = [0, 1, chunk - 1, chunk, chunk + 1, 50 * 1024 * 1024, 174 * chunk, 174 * chunk + 1, 175 * chunk + 5]
const forms = {
  v0: { cidVersion: 0, rawLeaves: false },
  v1: { cidVersion: 1, rawLeaves: true },
  'v0 with raw leaves': { cidVersion: 0, rawLeaves: true },
  'v1 without raw leaves': { cidVersion: 1, rawLeaves: false },
}

function bytes (size) {
  const out = new Uint8Array(size)
  for (let i = 0; i < size; i++) out[i] = i * 151 + (i >> 8) * 7 + (i >> 16) * 13
  return out
}

async function all (stream) {
  const parts = []
  for await (const part of stream) parts.push(...(part instanceof Uint8Array ? [part] : part))
  return Buffer.concat(parts)
}

async function add (files, options) {
  const store = new MemoryBlockstore()
  let root
  for await (const entry of importer(files, store, { reduceSingleLeafToSelf: true, ...options })) root = entry.cid
  return { store, root }
}

// The blocks below `cid`, depth first, each as often as it is linked.
async function * walk (store, cid) {
  const block = await all(store.get(cid))
  yield { cid, bytes: block }
  if (cid.code !== dagPb.code) return
  for (const link of dagPb.decode(block).Links) yield * walk(store, link.Hash)
}

async function car ({ store, root }) {
  const { writer, out } = CarWriter.create([root])
  const written = all(out)
  for await (const block of walk(store, root)) await writer.put(block)
  await writer.close()
  return written
}

const cids = []
for (const size of sizes) {
  const row = { size }
  for (const [name, options] of Object.entries(forms)) {
    const added = await add([{ content: [bytes(size)] }], options)
    row[name] = added.root.toString()
  }
  cids.push(row)
  console.error(size)
}
const hello = await add([{ content: [Buffer.from('hello world\n')] }], forms.v0)
if (hello.root.toString() !== 'QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o') throw new Error('not as ipfs add does')
writeFileSync(`${folder}/cids.json`, JSON.stringify(cids, null, 1) + '\n')

// Small chunks make a tree of two levels out of a few bytes: 1,000 bytes of 4 each, and 900 zeros.
const { fixedSize } = await import('ipfs-unixfs-importer/chunker')
const small = { ...forms.v1, chunker: fixedSize({ chunkSize: 4 }) }
const cars = {
  'hello-v0': hello,
  'hello-v1': await add([{ content: [Buffer.from('hello world\n')] }], forms.v1),
  tree: await add([{ content: [bytes(1000)] }], small),
  zeros: await add([{ content: [new Uint8Array(900)] }], { ...small, cidVersion: 0 }),
  folder: await add([{ path: 'a/result.zip', content: [Buffer.from('hello world\n')] }, { path: 'a/b/other', content: [bytes(10)] }],
    { ...forms.v0, wrapWithDirectory: true }),
}
for (const [name, added] of Object.entries(cars)) writeFileSync(`${folder}/${name}.car`, await car(added))
