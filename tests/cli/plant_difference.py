#!/usr/bin/env python3
"""Plants differences in an image, for the tests of `tarn verify`.

Usage: plant_difference.py --list               NAME<TAB>HOW<TAB>TEXT, a case a line: `HOW` is "alone"
                                                where the image itself shows it, else "recipe"; TEXT is
                                                what the report says then
       plant_difference.py NAME FROM TO         copies the OCI layout FROM to TO with that difference

The image has at least two platforms, the first of which is changed. Whatever is changed, all levels above
are digested anew, so that only what looks at the thing itself can find it; but where the blobs themselves
are damaged.
"""

import gzip
import hashlib
import io
import json
import pathlib
import shutil
import sys
import tarfile

CASES = {}


def case(how, expected):
    """Enters a function as a case named after it."""

    def enter(function):
        CASES[function.__name__.replace("_", "-")] = (how, expected, function)
        return function

    return enter


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layout:
    """An OCI layout: its index, and the first image in it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.top = json.loads((self.folder / "index.json").read_text())
        self.index = json.loads(self.read(self.top["manifests"][0]))
        self.manifest = json.loads(self.read(self.index["manifests"][0]))
        self.config = json.loads(self.read(self.manifest["config"]))
        self.layer = self.read(self.manifest["layers"][0])
        self.texts = {}  # what JSON is written as where json.dumps would not do

    def path(self, descriptor):
        return self.folder / "blobs" / descriptor["digest"].replace(":", "/")

    def read(self, descriptor):
        return self.path(descriptor).read_bytes()

    def put(self, descriptor, data):
        descriptor.update(digest=digest(data), size=len(data))
        self.path(descriptor).write_bytes(data)

    def dump(self, name, value):
        indent = 1 if name in self.texts else None
        return json.dumps(value, indent=indent, separators=None if indent else (",", ":")).encode()

    def tar(self):
        return gzip.decompress(self.layer)

    def set_tar(self, tar):
        self.layer = gzip.compress(tar, mtime=0)
        self.config["rootfs"]["diff_ids"][0] = digest(tar)

    def save(self):
        self.put(self.manifest["layers"][0], self.layer)
        self.put(self.manifest["config"], self.dump("config", self.config))
        self.put(self.index["manifests"][0], self.dump("manifest", self.manifest))
        self.put(self.top["manifests"][0], self.dump("index", self.index))
        (self.folder / "index.json").write_text(json.dumps(self.top))


class Records:
    """The records of a layer's tar: [header, content] in order."""

    def __init__(self, layout):
        self.layout = layout
        self.records = []
        with tarfile.open(fileobj=io.BytesIO(layout.tar()), errors="surrogateescape") as tar:
            for member in tar:
                content = tar.extractfile(member).read() if member.isreg() else None
                self.records.append([member, content])

    def find(self, path):
        for record in self.records:
            if record[0].name.strip("/") == path:
                return record
        raise KeyError(path)

    def header(self, path):
        return self.find(path)[0]

    def content(self, path):
        return self.find(path)[1]

    def write(self, path, content):
        record = self.find(path)
        record[1] = content
        record[0].size = len(content)

    def edit(self, path, old, new):
        content = self.content(path)
        assert old in content, (path, old)
        self.write(path, content.replace(old, new, 1))

    def add(self, path, kind=tarfile.REGTYPE, content=None, **values):
        header = tarfile.TarInfo(path)
        header.type = kind
        header.mtime = 1700000000
        header.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
        header.size = len(content) if content is not None else 0
        for name, value in values.items():
            setattr(header, name, value)
        self.records.append([header, content])

    def remove(self, path):
        self.records.remove(self.find(path))

    def turn(self, path, kind, **values):
        """Makes something else of a record."""
        record = self.find(path)
        record[0].type = kind
        record[0].size = 0
        record[1] = None
        for name, value in values.items():
            setattr(record[0], name, value)

    def save(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT,
                          errors="surrogateescape") as tar:
            for header, content in self.records:
                # What the numbers and texts of the header say counts, not what was read.
                header.pax_headers = {key: value for key, value in header.pax_headers.items()
                                      if key.startswith("SCHILY.xattr.")}
                tar.addfile(header, io.BytesIO(content) if content is not None else None)
        self.layout.set_tar(out.getvalue())


def in_tree(change):
    """A change of the layer's records."""

    def plant(layout):
        records = Records(layout)
        change(records)
        records.save()
        layout.save()

    plant.__name__ = change.__name__
    return plant


def in_config(change):
    def plant(layout):
        change(layout.config)
        layout.save()

    plant.__name__ = change.__name__
    return plant


DATA = "usr/share/tool/data"
CAPABILITY = "SCHILY.xattr.security.capability"

# --- What the packages' own checksums and the database show.


@case("alone", "usr/share/tool/data [tool]: content is sha1:")
@in_tree
def one_byte(tree):
    content = bytearray(tree.content(DATA))
    content[7] ^= 1
    tree.write(DATA, bytes(content))


@case("alone", "usr/share/tool/data [tool]: content is sha1:")
@in_tree
def a_line_more(tree):
    tree.write(DATA, tree.content(DATA) + b"more\n")


@case("alone", "usr/bin/tool [tool]: mode is 0755, not 4711")
@in_tree
def set_id_taken(tree):
    tree.header("usr/bin/alias").mode = 0o755  # the first of its two names


@case("alone", "usr/share/tool/data [tool]: mode is 4644, not 0644")
@in_tree
def set_id_given(tree):
    tree.header(DATA).mode = 0o4644


@case("alone", "etc/tool.conf [tool]: mode is 0666, not 0640")
@in_tree
def configuration_writable(tree):
    tree.header("etc/tool.conf").mode = 0o666


@case("alone", "usr/share/tool/data [tool]: owner is 7:0, not 0:0")
@in_tree
def owner(tree):
    tree.header(DATA).uid = 7


@case("alone", "var/lib/svc/state [svc]: owner is 100:0, not 100:101")
@in_tree
def group(tree):
    tree.header("var/lib/svc/state").gid = 0


@case("alone", "usr/bin/capable [tool]: xattrs is none, not sha1:")
@in_tree
def xattr_taken(tree):
    del tree.header("usr/bin/capable").pax_headers[CAPABILITY]


@case("alone", "usr/bin/capable [tool]: xattrs is sha1:")
@in_tree
def xattr_changed(tree):
    headers = tree.header("usr/bin/capable").pax_headers
    headers[CAPABILITY] = headers[CAPABILITY].replace("\x20", "\x21")


@case("alone", "usr/share/tool/data [tool]: xattrs is sha1:")
@in_tree
def xattr_given(tree):
    tree.header(DATA).pax_headers = {"SCHILY.xattr.user.note": "planted"}


@case("alone", "usr/bin/link [tool]: target is /bin/evil, not sha1:")
@in_tree
def link_led_elsewhere(tree):
    tree.header("usr/bin/link").linkname = "/bin/evil"


@case("alone", "usr/bin/link [tool]: is missing")
@in_tree
def link_removed(tree):
    tree.remove("usr/bin/link")


@case("alone", "usr/share/tool/data [tool]: is missing")
@in_tree
def file_removed(tree):
    tree.remove(DATA)


@case("alone", "var/empty [tool]: is missing")
@in_tree
def directory_removed(tree):
    tree.remove("var/empty")


@case("alone", "dev/tool [tool]: is missing")
@in_tree
def device_removed(tree):
    tree.remove("dev/tool")


@case("alone", "var/empty [tool]: mode is 1777, not 0555")
@in_tree
def directory_mode(tree):
    tree.header("var/empty").mode = 0o1777


@case("alone", "var/lib/svc [svc]: owner is 0:0, not 100:101")
@in_tree
def directory_owner(tree):
    header = tree.header("var/lib/svc")
    header.uid = header.gid = 0


@case("alone", "usr/share/tool/data [tool]: target is /etc/passwd, not sha1:")
@in_tree
def link_for_file(tree):
    tree.turn(DATA, tarfile.SYMTYPE, linkname="/etc/passwd")


@case("alone", "usr/share/tool/data [tool]: type is directory, not file")
@in_tree
def directory_for_file(tree):
    tree.turn(DATA, tarfile.DIRTYPE, mode=0o644)


@case("alone", "var/empty [tool]: type is link to ../usr, not directory")
@in_tree
def link_for_directory(tree):
    tree.turn("var/empty", tarfile.SYMTYPE, linkname="../usr")


@case("alone", "tool-1-r0 needs lib, which no package gives")
@in_tree
def package_not_listed(tree):
    packages = tree.content("lib/apk/db/installed").split(b"\n\n")
    kept = [package for package in packages if b"\nP:lib\n" not in b"\n" + package + b"\n"]
    assert len(kept) == len(packages) - 1
    tree.write("lib/apk/db/installed", b"\n\n".join(kept))


@case("alone", "etc/apk/world: 'svc' is not fulfilled by what is installed")
@in_tree
def wanted_package_not_listed(tree):
    packages = tree.content("lib/apk/db/installed").split(b"\n\n")
    kept = [package for package in packages if b"\nP:svc\n" not in b"\n" + package + b"\n"]
    tree.write("lib/apk/db/installed", b"\n\n".join(kept))


@case("alone", "lib-1-r0 is for riscv64, the image for x86_64")
@in_tree
def package_of_another_architecture(tree):
    text = tree.content("lib/apk/db/installed")
    start = text.index(b"P:lib\n")
    at = text.index(b"A:x86_64", start)
    tree.write("lib/apk/db/installed", text[:at] + b"A:riscv64" + text[at + 8:])


@case("alone", "lib/apk/db/installed")
@in_tree
def database_damaged(tree):
    tree.edit("lib/apk/db/installed", b"\nP:", b"\nthis is no line\nP:")


@case("alone", "lib/apk/db/triggers: Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA= is no package that is there")
@in_tree
def foreign_trigger(tree):
    tree.write("lib/apk/db/triggers",
               tree.content("lib/apk/db/triggers") + b"Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA= /usr/*\n")


@case("alone", "lib/apk/db/scripts.tar: planted-1-r0.post-install is no script")
@in_tree
def foreign_script(tree):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        script = b"#!/bin/sh\n"
        header = tarfile.TarInfo("planted-1-r0.post-install")
        header.size = len(script)
        tar.addfile(header, io.BytesIO(script))
    tree.write("lib/apk/db/scripts.tar", out.getvalue())


@case("alone", "etc/apk/world: 'planted' is not fulfilled by what is installed")
@in_tree
def unfulfilled_world(tree):
    tree.write("etc/apk/world", tree.content("etc/apk/world") + b"planted\n")


@case("alone", "tool-1-r0 is for x86_64, the image for aarch64")
def architecture(layout):
    # As the second platform is, which gives way.
    layout.config["architecture"] = "arm64"
    del layout.index["manifests"][1]
    layout.index["manifests"][0]["platform"]["architecture"] = "arm64"
    layout.save()


# --- What digests and sizes show.


@case("alone", "layer 1 of linux/amd64, sha256:")
def layer_byte_flipped(layout):
    path = layout.path(layout.manifest["layers"][0])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(bytes(data))


@case("alone", "layer 1 of linux/amd64, sha256:")
def layer_cut_short(layout):
    path = layout.path(layout.manifest["layers"][0])
    path.write_bytes(path.read_bytes()[:-100])


@case("alone", "layer 1 of linux/amd64, sha256:")
def layer_missing(layout):
    layout.path(layout.manifest["layers"][0]).unlink()


@case("alone", "octets")
def layer_size_wrong(layout):
    layout.save()
    layout.manifest["layers"][0]["size"] += 1
    layout.put(layout.index["manifests"][0], layout.dump("manifest", layout.manifest))
    layout.put(layout.top["manifests"][0], layout.dump("index", layout.index))
    (layout.folder / "index.json").write_text(json.dumps(layout.top))


@case("alone", "its gzip stream is damaged")
def layer_stream_damaged(layout):
    data = bytearray(layout.layer)
    for i in range(len(data) // 2, len(data) // 2 + 64):
        data[i] = 0xFF
    layout.layer = bytes(data)
    layout.save()


@case("alone", "a layer's tar is not the one that the image's config names")
def diff_id_wrong(layout):
    layout.config["rootfs"]["diff_ids"][0] = digest(b"another")
    layout.save()


@case("alone", "its diff_ids are not as many as the manifest's layers")
def diff_id_added(layout):
    layout.config["rootfs"]["diff_ids"].append(digest(b"another"))
    layout.save()


@case("alone", "its history tells of another number of layers")
def history_longer(layout):
    layout.config["history"].append({"created_by": "planted"})
    layout.save()


@case("alone", "config of linux/amd64, sha256:")
def config_byte_flipped(layout):
    path = layout.path(layout.manifest["config"])
    path.write_bytes(path.read_bytes().replace(b"linux", b"linuX", 1))


@case("alone", "config of linux/amd64, sha256:")
def config_missing(layout):
    layout.path(layout.manifest["config"]).unlink()


@case("alone", "manifest of linux/amd64, sha256:")
def manifest_byte_flipped(layout):
    path = layout.path(layout.index["manifests"][0])
    path.write_bytes(path.read_bytes().replace(b"schemaVersion", b"schemaVersioN", 1))


@case("alone", "it has another size than what refers to it says")
def manifest_size_wrong(layout):
    layout.index["manifests"][0]["size"] += 1
    layout.put(layout.top["manifests"][0], layout.dump("index", layout.index))
    (layout.folder / "index.json").write_text(json.dumps(layout.top))


@case("alone", "index, sha256:")
def index_missing(layout):
    layout.path(layout.top["manifests"][0]).unlink()


@case("alone", "it is for another platform than the index says")
def platform_in_index(layout):
    layout.index["manifests"][0]["platform"]["architecture"] = "riscv64"
    layout.save()


# --- What only the recipe shows.


@case("recipe", "usr/bin/planted: should not be there")
@in_tree
def file_added(tree):
    tree.add("usr/bin/planted", content=b"#!/bin/sh\n", mode=0o4755)


@case("recipe", "opt/planted: should not be there")
@in_tree
def directory_added(tree):
    tree.add("opt/planted", tarfile.DIRTYPE)


@case("recipe", "usr/bin/planted: should not be there")
@in_tree
def link_added(tree):
    tree.add("usr/bin/planted", tarfile.SYMTYPE, linkname="tool")


@case("recipe", "dev/mem: should not be there")
@in_tree
def device_added(tree):
    tree.add("dev/mem", tarfile.CHRTYPE, devmajor=1, devminor=1)


@case("recipe", "usr/share/tool/data [tool]: time is 1600000000, not")
@in_tree
def time(tree):
    tree.header(DATA).mtime = 1600000000


@case("recipe", "usr/bin/tool [tool]: type is file, not hard link")
@in_tree
def hard_link_parted(tree):
    header = tree.header("usr/bin/tool")
    assert header.islnk() and header.linkname == "usr/bin/alias"
    header.type = tarfile.REGTYPE
    header.linkname = ""
    tree.write("usr/bin/tool", tree.content("usr/bin/alias"))


@case("recipe", "etc/passwd [tool]: size is ")
@in_tree
def account_added(tree):
    tree.write("etc/passwd", tree.content("etc/passwd") + b"planted::0:0::/:/bin/sh\n")


@case("recipe", "etc/motd: content is sha256:")
@in_tree
def file_of_the_recipe(tree):
    tree.edit("etc/motd", b"hello", b"hallo")


@case("recipe", "srv/data: mode is 0777, not 0750")
@in_tree
def path_of_the_recipe(tree):
    tree.header("srv/data").mode = 0o777


@case("recipe", "dev/tool [tool]: device is 10:201, not 10:200")
@in_tree
def device_number(tree):
    tree.header("dev/tool").devminor = 201


@case("recipe", "var/pipe [tool]: type is file, not named pipe")
@in_tree
def file_for_pipe(tree):
    tree.turn("var/pipe", tarfile.REGTYPE)
    tree.find("var/pipe")[1] = b""


@case("recipe", "var/lib/svc/state [svc]: owner's name is root:svc, not svc:svc")
@in_tree
def name_of_owner(tree):
    tree.header("var/lib/svc/state").uname = "root"


@case("recipe", "usr/share/tool/data [tool]: content is sha256:")
@in_tree
def file_and_its_checksum(tree):
    import base64

    old = tree.content(DATA)
    new = old.replace(b"1", b"2", 1)

    def line(content):
        return b"Z:Q1" + base64.b64encode(hashlib.sha1(content).digest())

    tree.write(DATA, new)
    tree.edit("lib/apk/db/installed", line(old), line(new))


@case("recipe", "the records stand in another order")
@in_tree
def order(tree):
    first, second = tree.find("usr/share/tool/data"), tree.find("etc/tool.conf")
    i, j = tree.records.index(first), tree.records.index(second)
    tree.records[i], tree.records[j] = second, first


@case("recipe", "usr/share/tool/data (record 2): should not be there")
@in_tree
def record_twice(tree):
    tree.add(DATA, content=tree.content(DATA), mode=0o644, uname="root", gname="root")


@case("recipe", "the same records, written as another tar")
def octets_behind_the_tar(layout):
    layout.set_tar(layout.tar() + bytes(10240))
    layout.save()


@case("recipe", "the same tar, compressed in another way")
def compressed_again(layout):
    layout.layer = gzip.compress(layout.tar(), 1, mtime=0)
    layout.save()


@case("recipe", "layer 1: media type")
def media_type(layout):
    layout.manifest["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar"
    layout.layer = layout.tar()
    layout.save()


@case("recipe", "config.Cmd is [\"/bin/evil\"], not [\"serve\",\"--now\"]")
@in_config
def command(config):
    config["config"]["Cmd"] = ["/bin/evil"]


@case("recipe", "config.Entrypoint is [\"/planted\"], not [\"/usr/bin/tool\"]")
@in_config
def entrypoint(config):
    config["config"]["Entrypoint"] = ["/planted"]


@case("recipe", "config.Env.COLOUR is red, not blue")
@in_config
def variable(config):
    config["config"]["Env"] = [
        text.replace("COLOUR=blue", "COLOUR=red") for text in config["config"]["Env"]]


@case("recipe", "config.Env.LD_PRELOAD is /planted.so, not none")
@in_config
def variable_added(config):
    config["config"]["Env"].append("LD_PRELOAD=/planted.so")


@case("recipe", "config.Env.COLOUR is none, not blue")
@in_config
def variable_taken(config):
    config["config"]["Env"].remove("COLOUR=blue")


@case("recipe", "config.User is none, not 100")
@in_config
def user(config):
    del config["config"]["User"]


@case("recipe", "config.Labels.team is thieves, not shop")
@in_config
def label(config):
    config["config"]["Labels"]["team"] = "thieves"


@case("recipe", "config.WorkingDir is /tmp, not /srv")
@in_config
def working_directory(config):
    config["config"]["WorkingDir"] = "/tmp"


@case("recipe", "config.Volumes./planted is {}, not none")
@in_config
def volume(config):
    config["config"]["Volumes"]["/planted"] = {}


@case("recipe", "config.ExposedPorts.22/tcp is {}, not none")
@in_config
def port(config):
    config["config"]["ExposedPorts"]["22/tcp"] = {}


@case("recipe", "config.StopSignal is SIGKILL, not SIGQUIT")
@in_config
def stop_signal(config):
    config["config"]["StopSignal"] = "SIGKILL"


@case("recipe", "created is 2020-01-01T00:00:00Z, not 2023-11-14T22:13:20Z")
@in_config
def created(config):
    config["created"] = "2020-01-01T00:00:00Z"


@case("recipe", "author is planted, not ")
@in_config
def author(config):
    config["author"] = "planted"


@case("recipe", "history[0].comment is planted, not ")
@in_config
def history(config):
    config["history"][0]["comment"] = "planted"


@case("recipe", "config: the same values as shop.yaml gives, in other octets")
def config_written_anew(layout):
    layout.texts["config"] = True
    layout.save()


@case("recipe", "annotations.team is thieves, not shop")
def annotation(layout):
    layout.manifest["annotations"]["team"] = "thieves"
    layout.save()


@case("recipe", "annotations.planted is yes, not none")
def annotation_of_index(layout):
    layout.index.setdefault("annotations", {})["planted"] = "yes"
    layout.save()


def main():
    if sys.argv[1:] == ["--list"]:
        for name, (how, expected, _) in CASES.items():
            print(name, how, expected, sep="\t")
        return
    name, source, target = sys.argv[1:]
    shutil.copytree(source, target)
    CASES[name][2](Layout(target))


if __name__ == "__main__":
    main()
