//! Parts that the fuzz targets (`fuzz/`) test and the library keeps to itself. Only they are built with it.
#![allow(missing_docs, clippy::missing_errors_doc)]

use std::path::Path;

use zeroize::Zeroizing;

pub use crate::agent::server::{Inside, Settings, Socket, Workers, serve, since_boot, work};
use crate::archive::Scheme;
pub use crate::archive::fuzzing::{ResultZip, open_archive, open_result_zip, wrapped_key};
use crate::beneficiary::key_file::{KeyFile, KeyFileError};
use crate::chain::poco::Task;
use crate::chain::rpc::RpcError;
use crate::chain::{ChainError, ChainFile};
use crate::envelope::ContentKey;
pub use crate::ipfs::fuzzing::{car_of, first_cid, read_car};
use crate::market::MarketError;
use crate::wallet::wallet_file::{self, WalletFile, WalletFileError};

pub fn content_key(scheme: Scheme, unwrapped: &[u8]) -> Option<Vec<u8>> {
    let key = ContentKey::from_unwrapped(scheme, Zeroizing::new(unwrapped.to_vec()))?;
    Some(key.into_bytes().to_vec())
}

pub fn key_file(content: &[u8]) -> Result<KeyFile, KeyFileError> {
    KeyFile::parse(Path::new("0x_key"), content)
}

pub fn key_file_text(file: &KeyFile) -> String {
    file.text()
}

pub fn wallet_file(content: &[u8]) -> Result<WalletFile, WalletFileError> {
    wallet_file::parse(Path::new("wallet.json"), content)
}

pub fn chain_file(content: &[u8]) -> Result<ChainFile, ChainError> {
    ChainFile::parse(Path::new("chain.json"), content)
}

pub fn node_answer(body: &[u8]) -> Result<serde_json::Value, RpcError> {
    crate::chain::rpc::read_answer("http://node.test".to_owned(), "eth_call", body)
}

pub fn node_answers(body: &[u8], count: usize) -> Result<Option<Vec<serde_json::Value>>, RpcError> {
    let origin = "http://node.test".to_owned();
    crate::chain::rpc::read_each_answer(origin, "eth_call", body, count)
}

/// The number of deals on a page of the market.
pub fn market_page(body: &[u8]) -> Result<usize, MarketError> {
    let page = crate::market::read_page("http://market.test".to_owned(), body)?;
    Ok(page.deals.len())
}

/// The number of an app's orders on a page of the market's book.
pub fn market_book(body: &[u8]) -> Result<usize, MarketError> {
    type Page = crate::market::BookPage<crate::chain::order::AppOrder>;
    let page: Page = crate::market::read_book("http://market.test".to_owned(), body)?;
    Ok(page.orders.len())
}

pub fn task_of(answer: &[u8]) -> Option<Task> {
    crate::chain::poco::task_of(answer)
}
