// Has iExec's SDK ask a market for the orders of a request, as its `app run` does.
//
//   node sdk-books.mjs FOLDER MARKET_URL WANTED
//
// FOLDER has the SDK in its node_modules. WANTED is JSON: what the SDK is told of each book, as `app`, `dataset` and `workerpool`.

import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, url, wanted] = process.argv.slice(2);
const { chainId, app, dataset, workerpool } = JSON.parse(wanted);
const sdk = (path) => import(pathToFileURL(join(resolve(folder), 'node_modules/iexec/src', path)));
const books = await sdk('common/market/orderbook.js');

const contracts = { chainId };
await books.fetchAppOrderbook(contracts, url, app);
await books.fetchDatasetOrderbook(contracts, url, dataset);
await books.fetchWorkerpoolOrderbook(contracts, url, workerpool);
process.exit(0);
