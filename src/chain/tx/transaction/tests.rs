//! Against what ethers signs, and the example of EIP-155.

use super::*;
use crate::text::hex::hex;
use crate::wallet::software::SoftwareWallet;

const HUB: &str = "0x098bFCb1E50ebcA0BaA92C12eA0c3F045A1aD9f0";

/// The digest, hash and bytes of a transaction that the key of EIP-155's example signs.
fn signed(chain_id: u64, nonce: u64, gas: u64, fee: Fee, call: Call) -> [String; 3] {
    let mut wallet = SoftwareWallet::from_text("46".repeat(32).as_bytes()).unwrap();
    let transaction = Transaction {
        chain_id,
        nonce,
        call,
        gas,
        fee,
    };
    let signed = transaction.sign(&mut wallet).unwrap();
    [
        hex(&transaction.digest()),
        hex(signed.hash().as_bytes()),
        hex(signed.bytes()),
    ]
}

fn call(to: &str, value: U256, data: &[u8]) -> Call {
    Call {
        value,
        ..Call::new(to.parse().unwrap(), data.to_vec())
    }
}

#[test]
fn the_example_of_eip_155_is_signed_as_it_stands_there() {
    let price = 20_000_000_000;
    let ether = U256::from(10).pow(U256::from(18));
    let call = call("0x3535353535353535353535353535353535353535", ether, b"");
    let [digest, _, bytes] = signed(1, 9, 21_000, Fee::Legacy { price }, call);
    assert_eq!(
        digest,
        "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53"
    );
    assert_eq!(
        bytes,
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    );
}

#[test]
fn a_chain_without_gas_is_paid_nothing() {
    let to = "0x3eca1B216A7DF1C7689aEb259fFB83ADFB894E7f";
    let data = [&[0x2e, 0x1a, 0x7d, 0x4d][..], &[0; 31], &[5]].concat();
    let fee = Fee::Legacy { price: 0 };
    let [digest, hash, _] = signed(134, 0, 200_000, fee, call(to, U256::ZERO, &data));
    assert_eq!(
        digest,
        "d10adfae52f5305543c1c5dbb90b9b72bb460f3cc1ddd9d9ede5336a91bb6941"
    );
    assert_eq!(
        hash,
        "a48429f4fc3cd55c82da5d489a928abeae06c17838bd87cc8986081e5c70647a"
    );
}

#[test]
fn dynamic_fees_are_written_as_ethers_writes_them() {
    let fee = |max, tip| Fee::Dynamic { max, tip };
    let one = "0x0000000000000000000000000000000000000001";
    let [_, hash, bytes] = signed(42_161, 0, 1, fee(0, 0), call(one, U256::ZERO, b""));
    assert_eq!(
        hash,
        "f7195737276624ca289152021810d848ccc22f35325ee64c9dcae7f4ddd468d2"
    );
    assert_eq!(
        bytes,
        "02f86282a4b1808080019400000000000000000000000000000000000000018080c080a0210f7ee858c9af9e406b6e64eb56abfa72944faa255cfb4bb9cbb63338cd39f4a06666c074d0e29ad1d20695ee81e0a2e0a3b5dfa3b3c493f4b114082251b0d948"
    );
    // More than 55 bytes, and numbers around the border of one byte.
    let long = call(HUB, U256::from(1), &[0xab; 600]);
    let [digest, hash, _] = signed(421_614, 300, 16_777_216, fee(200_000_001, 1), long);
    assert_eq!(
        digest,
        "bf0e60cc5d344773e99e66a935e179adca86feda551a01a857472682c4d83aa8"
    );
    assert_eq!(
        hash,
        "7f8534fd4b4c0e1648652e2bc582d5ac979330e08a4dccc3345b066d2fcdb9f3"
    );
    let large = call(HUB, U256::from(1) << 255, &[0x7f]);
    let [_, hash, _] = signed(42_161, 127, 255, fee(128, 127), large);
    assert_eq!(
        hash,
        "023e9da900f2b0d8ccfa35b0ac87a7752efed6a5e794bafb885390926d0595eb"
    );
}

#[test]
fn nothing_of_a_signed_transaction_is_shown_but_its_hash() {
    let signed = Signed::again(vec![7; 100]);
    assert_eq!(format!("{signed:?}"), format!("Signed({})", signed.hash()));
}
