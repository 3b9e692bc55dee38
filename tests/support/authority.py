"""A certificate authority for one test, made by openssl."""
import os
import subprocess


class Authority:
    """Files in `folder`: ca.crt, and {name}.crt / {name}.key of each issue()."""

    def __init__(self, folder, name="test authority"):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                     "-subj", f"/CN={name}", "-keyout", "ca.key", "-out", "ca.crt")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, timeout=30, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.folder, name)

    @property
    def certificate(self):
        return self.path("ca.crt")

    def issue(self, common_name, alternative_names=""):
        """(certificate, key) of that common name; alternative_names: "IP:127.0.0.1,DNS:localhost"."""
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                     f"/CN={common_name}", "-keyout", f"{common_name}.key", "-out", f"{common_name}.csr")
        with open(self.path(f"{common_name}.ext"), "w", encoding="utf-8") as file:
            file.write(f"subjectAltName={alternative_names}\n" if alternative_names else "basicConstraints=CA:FALSE\n")
        self.openssl("x509", "-req", "-in", f"{common_name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                     "-CAcreateserial", "-days", "2", "-extfile", f"{common_name}.ext", "-out", f"{common_name}.crt")
        for end in ("crt", "key"):
            os.chmod(self.path(f"{common_name}.{end}"), 0o644)
        return self.path(f"{common_name}.crt"), self.path(f"{common_name}.key")
