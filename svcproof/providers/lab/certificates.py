"""Issues a lab's certificates and kubeconfigs: real ones, from an authority that lives as long as the lab."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from svcproof.files import write_file
from svcproof.providers.lab.plan import CONTROL_PLANE

if TYPE_CHECKING:
    from pathlib import Path

    from svcproof.providers.lab.plan import LabPlan

LIFETIME = timedelta(days=30)
SKEW = timedelta(hours=1)
"""Certificates are good from an hour ago: a clock that is set back does not end the lab."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, in PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path, name: str) -> None:
        write_file(folder / f"{name}.crt", self.certificate.decode())
        write_file(folder / f"{name}.key", self.key.decode())


class Authority:
    """A certificate authority that signs with an elliptic key: P-256 costs a hundredth of RSA's time to make."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        subject = _subject(name)
        self._certificate = (
            _builder(subject, subject, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pair = Pair(self._certificate.public_bytes(serialization.Encoding.PEM), _key_pem(self._key))

    def issue(self, name: str, *, organization: str = "", serves: tuple[str, ...] = ()) -> Pair:
        """A certificate for the user *name* of *organization*; also for a listener at *serves*, where given."""
        key = ec.generate_private_key(ec.SECP256R1())
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = _builder(_subject(name, organization), self._certificate.subject, key.public_key())
        if serves:
            uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_alternative(at) for at in serves]), critical=False
            )
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        return Pair(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key))


def certificates(plan: LabPlan) -> Path:
    """Where the lab's certificates lie."""
    return plan.directory / "certificates"


def kubeconfig(plan: LabPlan, user: str) -> Path:
    """Where the kubeconfig of one of the lab's own users lies."""
    return plan.directory / "kubeconfigs" / user


def issue_all(plan: LabPlan) -> None:
    """Write every certificate, key and kubeconfig of the lab."""
    folder = certificates(plan)
    folder.mkdir(mode=0o700)
    (plan.directory / "kubeconfigs").mkdir(mode=0o700)
    authority, front = Authority("svcproof-lab"), Authority("svcproof-lab-front-proxy")
    authority.pair.write(folder, "ca")
    front.pair.write(folder, "front-proxy-ca")
    front.issue("front-proxy-client").write(folder, "front-proxy-client")
    authority.issue("kube-apiserver", serves=_api_names(plan)).write(folder, "kube-apiserver")
    authority.issue("kube-apiserver-kubelet-client").write(folder, "kube-apiserver-kubelet-client")
    _write_service_account_key(folder)
    for node in plan.node_plans:
        user = f"system:node:{node.name}"
        pair = authority.issue(user, organization="system:nodes", serves=(node.name, *map(str, node.addresses)))
        pair.write(folder, f"kubelet-{node.name}")
        _write_kubeconfig(plan, kubeconfig(plan, f"kubelet-{node.name}"), user, pair, authority)
    for user in ("kube-controller-manager", "kube-scheduler", "kube-proxy"):
        pair = authority.issue(f"system:{user}")
        _write_kubeconfig(plan, kubeconfig(plan, user), user, pair, authority)
    owner = authority.issue("svcproof-lab-owner", organization="system:masters")
    owner.write(folder, "owner")
    _write_kubeconfig(plan, plan.kubeconfig, f"svcproof-{plan.name}", owner, authority)


def _api_names(plan: LabPlan) -> tuple[str, ...]:
    service = ("kubernetes", "default", "svc", "cluster", "local")
    names = [".".join(service[:length]) for length in (1, 2, 3, 5)]
    addresses = [address for block in plan.blocks for address in (block.control_plane, block.api_service)]
    return (*names, CONTROL_PLANE, "localhost", "127.0.0.1", *map(str, addresses))


def _write_service_account_key(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    write_file(folder / "service-account.key", _key_pem(key).decode())
    write_file(folder / "service-account.pub", public.decode())


def _write_kubeconfig(plan: LabPlan, path: Path, user: str, pair: Pair, authority: Authority) -> None:
    cluster = f"svcproof-{plan.name}"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": cluster,
        "clusters": [
            {
                "name": cluster,
                "cluster": {
                    "server": plan.api_address,
                    "certificate-authority-data": _encoded(authority.pair.certificate),
                },
            }
        ],
        "users": [
            {
                "name": user,
                "user": {
                    "client-certificate-data": _encoded(pair.certificate),
                    "client-key-data": _encoded(pair.key),
                },
            }
        ],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": user}}],
    }
    write_file(path, json.dumps(config, indent=1))  # JSON is YAML


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _subject(name: str, organization: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if organization:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _encoded(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
