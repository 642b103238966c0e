use crate::chain::rpc::RpcError;
use crate::http::HttpError;

/// What to do about a node.
pub(crate) fn node(error: &RpcError) -> &'static str {
    match error {
        RpcError::Http(error) => http(error),
        RpcError::RateLimited { .. } | RpcError::Server { .. } => {
            "Try again later, or name another node with --rpc-url."
        }
        RpcError::Unexpected { .. } | RpcError::NotANode { .. } => {
            "Check that the address is that of a node, with the key for it if it wants one; --rpc-url names another."
        }
        RpcError::Refused { .. } => "Another node may do it: name it with --rpc-url.",
        RpcError::OtherChain { .. } => {
            "Name a node of the right chain with --rpc-url, or the chain of this node with --chain."
        }
        RpcError::NoChainId => "Add it to the chain in chain.json: `\"id\": \"42161\"`.",
        RpcError::NoHub { .. } => {
            "Check `hub` in chain.json, and that the node is one of the right chain."
        }
    }
}

fn http(error: &HttpError) -> &'static str {
    match error {
        HttpError::Url { .. } => {
            "Give the address of a node as https://host, with --rpc-url or as `host` in chain.json."
        }
        HttpError::Plain { .. } => {
            "Use an https:// address. --insecure-http allows plain http, if you trust the whole network path."
        }
        HttpError::Setup { .. } => {
            "Check that the system's root certificates are installed (package ca-certificates)."
        }
        HttpError::Tls { .. } => {
            "Check the address of the node, this machine's clock and its root certificates."
        }
        HttpError::Timeout { .. } | HttpError::Broken { .. } => {
            "Try again later, or name another node with --rpc-url."
        }
        _ => {
            "Check the address of the node, the network and the proxy settings; --rpc-url names another."
        }
    }
}
