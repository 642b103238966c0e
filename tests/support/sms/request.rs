use std::io::Read;
use std::time::Instant;

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Request {
    /// Every byte of it.
    pub bytes: Vec<u8>,
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub at: Instant,
}

impl Request {
    /// Reads one; none where the other side leaves before its end.
    pub fn read(stream: &mut impl Read) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).ok()?;
            bytes.push(byte[0]);
        }
        let head = String::from_utf8(bytes.clone()).ok()?;
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let headers = lines.filter_map(|line| line.split_once(": "));
        let mut request = Self {
            method: first.next()?.to_owned(),
            target: first.next()?.to_owned(),
            headers: headers
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect(),
            body: Vec::new(),
            bytes,
            at: Instant::now(),
        };
        let length = request.header("content-length").unwrap_or("0");
        request.body = vec![0; length.parse().ok()?];
        stream.read_exact(&mut request.body).ok()?;
        request.bytes.extend(&request.body);
        Some(request)
    }

    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} is there twice");
        value
    }

    /// The path, without what follows a `?`.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// The value of a parameter. Those of an SMS need no decoding.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(known, value)| (known == name).then_some(value))
    }
}
