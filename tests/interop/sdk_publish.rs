//! iExec's own SDK as the other publisher: the same wallet, the same key, the same SMS. What both send is compared, and
//! each finds what the other has published.

mod chains;
mod keys;
mod ours;
mod requests;
mod side;
mod wallets;
