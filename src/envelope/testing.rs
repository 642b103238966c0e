//! A key that tests of several rooms have.

/// Written by OpenSSL, as the SDK's are.
pub(crate) const PEM: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzrPbQ1IM5xpUoSgCr85Y\n\
w7+Sbu9X4doQMkoUPTjXs79tsNtsdRmZdVQG8Oy7V8T8vg0L7zykhypgbNhBPc/D\n\
3qa4dr8KeOTSDl8X+Fc+jj9PRVv+MUNI6GtaOYr6IWDWuGmJubKs/2frg9Ait0hd\n\
dad2wUkSRx/LolO2dsngkVH/1t52EqFcXuKbV8UGY/eB+ZyUNTfOnU8U5eSAD6r6\n\
ITC4g5kIscwR1XoBKcjdDdgPGZdvRiYDFmznR16bG8n52IzFTEzhu0IkiOSD/rhx\n\
1qMgUWlLc7C6y76yQ1s2j0v4sBNCILYteGbn2HngmjRfRz7GEM1T8QkFPmFcm2Et\n\
swIDAQAB\n\
-----END PUBLIC KEY-----\n";
