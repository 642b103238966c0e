// Deploys iExec's PoCo contracts on a fresh node, with an app, a dataset, a workerpool and deposits, and prints what is where as JSON.
//
//   node bake.mjs NODE_URL POCO_PACKAGE RLC_PACKAGE ETHERS_PACKAGE
//
// Called by bake.sh. Each block has a time that was chosen here, so that two runs give the same state.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [url, poco, rlc, ethersPackage] = process.argv.slice(2);
const {
  AbiCoder, Contract, ContractFactory, Interface, JsonRpcProvider, Wallet, HDNodeWallet, id, dataSlice,
} = createRequire(join(ethersPackage, 'package.json'))('ethers');

const json = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));
const deployed = (name) => json(poco, 'deployments/arbitrumSepolia', `${name}.json`);
const compiled = (path) => json(poco, 'artifacts/contracts', `${path}.sol`, `${path.split('/').at(-1)}.json`);

const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, staticNetwork: true });

// The accounts of the mnemonic that every test node has.
const PHRASE = 'test test test test test test test test test test test junk';
const account = (index) => HDNodeWallet.fromPhrase(PHRASE, undefined, `m/44'/60'/0'/0/${index}`).connect(provider);
const [admin, appOwner, scheduler, worker, requester, secondWorker, thirdWorker, datasetOwner] =
  [0, 1, 2, 3, 4, 5, 6, 7].map((index) => new Wallet(account(index).privateKey, provider));

let time = 1_764_000_000;
const nonces = new Map();

/** Sends a transaction in a block of its own, and returns its receipt. */
async function send(from, transaction) {
  time += 1;
  await provider.send('evm_setNextBlockTimestamp', [time]);
  const nonce = nonces.get(from.address) ?? 0;
  nonces.set(from.address, nonce + 1);
  const fees = { gasLimit: 20_000_000, maxFeePerGas: 2_000_000_000, maxPriorityFeePerGas: 1_000_000_000, type: 2 };
  const sent = await from.sendTransaction({ ...transaction, nonce, ...fees });
  const receipt = await sent.wait();
  if (receipt.status !== 1) throw new Error(`reverted: ${JSON.stringify(transaction).slice(0, 200)}`);
  return receipt;
}

async function deploy(artifact, args = [], libraries = {}) {
  let bytecode = artifact.bytecode;
  for (const file of Object.values(artifact.linkReferences ?? {})) {
    for (const [name, places] of Object.entries(file)) {
      for (const { start } of places) {
        const at = 2 + 2 * start;
        bytecode = bytecode.slice(0, at) + libraries[name].slice(2) + bytecode.slice(at + 40);
      }
    }
  }
  const { data } = await new ContractFactory((artifact.abi ?? []).filter((it) => it.type === 'constructor'), bytecode).getDeployTransaction(...args);
  return (await send(admin, { data })).contractAddress;
}

const call = (from, contract, method, args) =>
  send(from, { to: contract.target, data: contract.interface.encodeFunctionData(method, args) });

const token = new Contract(await deploy(json(rlc, 'build/contracts/RLC.json')), json(rlc, 'build/contracts/RLC.json').abi, provider);
const libraries = { IexecLibOrders_v5: await deploy(compiled('libs/IexecLibOrders_v5')) };
const init = await deploy(deployed('DiamondInit'));
const cut = await deploy(deployed('DiamondCutFacet'));
const loupe = await deploy(deployed('DiamondLoupeFacet'));
const selectors = (abi) => {
  // What a library's ABI has beside them no one calls from outside.
  const functions = abi.filter((it) => it.type === 'function' && !JSON.stringify(it).includes('"type":"IexecLib'));
  return new Interface(functions).fragments.map((fragment) => fragment.selector);
};
const taken = new Set();
const facet = (facetAddress, abi) => {
  // Two facets share some of the older accessors.
  const functionSelectors = selectors(abi).filter((selector) => !taken.has(selector));
  functionSelectors.forEach((selector) => taken.add(selector));
  return { facetAddress, action: 0, functionSelectors };
};

const hubAddress = await deploy(compiled('Diamond'), [
  [facet(cut, deployed('DiamondCutFacet').abi), facet(loupe, deployed('DiamondLoupeFacet').abi)],
  { owner: admin.address, init, initCalldata: id('init()').slice(0, 10) },
]);

const facets = [facet(await deploy(deployed('OwnershipFacet')), deployed('OwnershipFacet').abi)];
for (const name of [
  'IexecAccessorsABILegacyFacet', 'IexecCategoryManagerFacet', 'IexecConfigurationExtraFacet', 'IexecConfigurationFacet', 'IexecERC20Facet',
  'IexecEscrowTokenFacet', 'IexecOrderManagementFacet', 'IexecPoco1Facet', 'IexecPoco2Facet', 'IexecPocoAccessorsFacet',
  'IexecRelayFacet',
]) {
  const artifact = compiled(`facets/${name}`);
  facets.push(facet(await deploy(artifact, [], libraries), artifact.abi));
}
const diamond = new Contract(hubAddress, deployed('DiamondCutFacet').abi, provider);
await call(admin, diamond, 'diamondCut', [facets, '0x0000000000000000000000000000000000000000', '0x']);

const hub = new Contract(hubAddress, compiled('IexecInterfaceToken').abi, provider);
const registries = {};
for (const [name, folder] of [['AppRegistry', 'apps'], ['DatasetRegistry', 'datasets'], ['WorkerpoolRegistry', 'workerpools']]) {
  const artifact = compiled(`registries/${folder}/${name}`);
  registries[name] = new Contract(await deploy(artifact), artifact.abi, provider);
  await call(admin, registries[name], 'initialize', ['0x0000000000000000000000000000000000000000']);
}
await call(admin, hub, 'configure', [
  token.target, 'Staked RLC', 'SRLC', 9,
  ...['AppRegistry', 'DatasetRegistry', 'WorkerpoolRegistry'].map((name) => registries[name].target),
  '0x0000000000000000000000000000000000000000',
]);
for (const [name, timeref] of [['XS', 300], ['S', 1200], ['M', 3600], ['L', 10_800], ['XL', 36_000]]) {
  await call(admin, hub, 'createCategory', [name, '{}', timeref]);
}

/** The address of the entry that a registry made: its token's number. */
const made = (receipt) => {
  const transfer = receipt.logs.find((log) => log.topics[0] === id('Transfer(address,address,uint256)'));
  return AbiCoder.defaultAbiCoder().decode(['address'], dataSlice(transfer.topics[3], 0))[0];
};
const app = made(await call(appOwner, registries.AppRegistry, 'createApp', [
  appOwner.address, 'hello', 'DOCKER', Buffer.from('registry.hub.docker.com/iexechub/python-hello-world:8.0.0'), `0x${'1d'.repeat(32)}`, '0x',
]));
const dataset = made(await call(datasetOwner, registries.DatasetRegistry, 'createDataset', [
  datasetOwner.address, 'a dataset', Buffer.from('/ipfs/QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o'), `0x${'2d'.repeat(32)}`,
]));
const workerpool = made(await call(scheduler, registries.WorkerpoolRegistry, 'createWorkerpool', [scheduler.address, 'a workerpool']));

// 1,000 RLC for each who stakes or pays; the rest stays with the one who has made the token.
for (const one of [scheduler, worker, secondWorker, thirdWorker, requester]) {
  await call(admin, token, 'approveAndCall', [hub.target, 1_000_000_000_000n, '0x']);
  await call(admin, hub, 'transfer', [one.address, 1_000_000_000_000n]);
  await call(admin, token, 'transfer', [one.address, 1_000_000_000_000n]);
}

console.log(JSON.stringify({
  chainId: Number((await provider.getNetwork()).chainId),
  hub: hub.target,
  token: token.target,
  app,
  dataset,
  workerpool,
  appOwner: appOwner.address,
  datasetOwner: datasetOwner.address,
  scheduler: scheduler.address,
  workers: [worker, secondWorker, thirdWorker].map((one) => one.address),
  requester: requester.address,
  time,
}, null, 2));
provider.destroy();
