//! Certificates for a server.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A certificate authority that nobody trusts yet, and a server's certificate that it signed.
pub(crate) struct Certificates {
    /// The authority's certificate, PEM.
    pub(crate) root: String,
    /// The server's certificate, PEM.
    pub(crate) certificate: String,
    /// The server's private key, PEM.
    pub(crate) key: String,
}

impl Certificates {
    pub(crate) fn for_host(name: &str) -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = authority.self_signed(&authority_key).unwrap().pem();
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = server.signed_by(&key, &issuer).unwrap().pem();
        Self { root, certificate, key: key.serialize_pem() }
    }
}
