"""Makes authorities and certificates, good ones and bad ones: certificates.py FOLDER.

Runs in the Python client's environment, which has the cryptography package. Each NAME.pem is a certificate with what
leads to its authority, each NAME.key its private key.
"""

import datetime
import ipaddress
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

FOLDER = Path(sys.argv[1])
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
YEAR = datetime.timedelta(days=365)
PLAIN = serialization.NoEncryption()


class Certificate:
    """One that `issuer` signs, or that signs itself."""

    def __init__(self, name, issuer=None, hosts=(), is_ca=False, start=NOW - YEAR, end=NOW + YEAR, key=None):
        self.name = name
        self.issuer = issuer or self
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.subject)
            .issuer_name(self.issuer.subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        if hosts:
            names = [x509.IPAddress(ipaddress.ip_address(h)) if h[0].isdigit() else x509.DNSName(h) for h in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        self.certificate = builder.sign(self.issuer.key, hashes.SHA256())

    def chain(self):
        """Its own first; an authority that signed itself is not sent along."""
        own = self.certificate.public_bytes(Encoding.PEM)
        if self.issuer is self or self.issuer.issuer is self.issuer:
            return own
        return own + self.issuer.chain()

    def write(self, *formats):
        (FOLDER / f"{self.name}.pem").write_bytes(self.chain())
        for ending, form, encryption in [("", PrivateFormat.PKCS8, PLAIN), *formats]:
            path = FOLDER / f"{self.name}{ending}.key"
            path.write_bytes(self.key.private_bytes(Encoding.PEM, form, encryption))
            path.chmod(0o600)
        return self


secret = serialization.BestAvailableEncryption(b"hunter2")
company = Certificate("company", is_ca=True).write()
stranger = Certificate("stranger", is_ca=True).write()
between = Certificate("between", company, is_ca=True)

HERE = ("localhost", "127.0.0.1")
Certificate("service", between, HERE).write()
Certificate("elsewhere", company, ("elsewhere.example",)).write()
Certificate("expired", company, HERE, start=NOW - 2 * YEAR, end=NOW - YEAR).write()
Certificate("early", company, HERE, start=NOW + YEAR, end=NOW + 2 * YEAR).write()
Certificate("itself", hosts=HERE, is_ca=True).write()

Certificate("me", company).write(
    ("-sec1", PrivateFormat.TraditionalOpenSSL, PLAIN),
    ("-protected", PrivateFormat.PKCS8, secret),
    ("-protected-sec1", PrivateFormat.TraditionalOpenSSL, secret),
)
rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
Certificate("me-rsa", between, key=rsa_key).write(("-pkcs1", PrivateFormat.TraditionalOpenSSL, PLAIN))
Certificate("me-late", company, start=NOW - 2 * YEAR, end=NOW - YEAR).write()
Certificate("me-stranger", stranger).write()
