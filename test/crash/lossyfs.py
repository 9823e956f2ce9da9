"""A file system that keeps only what was synced: the disk of a machine whose power is cut.

Usage: lossyfs.py BACKING MOUNT [SEED]

The content of a file lives in memory until fsync or fdatasync copies it to BACKING. SIGUSR2, or a
stat of /.cut in the mount, is the power cut: what was not synced is gone (of a file that had grown a
random part of what was appended may be kept, as disks do), and every later operation fails with EIO.
What happens to names (create, rename, unlink) is kept at once. Needs /dev/fuse, and Debian's
python3-fusepy and fuse.
"""

import errno
import os
import random
import signal
import sys
import threading

from fusepy import FUSE, FuseOSError, Operations

STAT_FIELDS = (
    "st_atime",
    "st_ctime",
    "st_gid",
    "st_mode",
    "st_mtime",
    "st_nlink",
    "st_size",
    "st_uid",
)
VOLUME_FIELDS = (
    "f_bavail",
    "f_bfree",
    "f_blocks",
    "f_bsize",
    "f_favail",
    "f_ffree",
    "f_files",
    "f_flag",
    "f_frsize",
    "f_namemax",
)


class LossyDisk(Operations):
    """Files by their path, as far as they were opened, with what was written to them."""

    def __init__(self, root, seed):
        self.root = root
        self.random = random.Random(seed)
        self.memory = {}
        self.is_cut = False
        self.guard = threading.RLock()

    def cut(self, *_):
        with self.guard:
            if self.is_cut:
                return
            self.is_cut = True
            for path, content in self.memory.items():
                self.keep_a_part(path, content)
            self.memory.clear()

    def keep_a_part(self, path, content):
        """Of what was appended since the last sync, nothing or a random part reached the disk."""
        synced = os.path.getsize(self.backing(path))
        if len(content) > synced and self.random.random() < 0.5:
            end = self.random.randint(synced, len(content))
            with open(self.backing(path), "r+b") as file:
                file.seek(synced)
                file.write(content[synced:end])

    def backing(self, path):
        return self.root + path

    def check(self):
        if self.is_cut:
            raise FuseOSError(errno.EIO)

    def content(self, path):
        if path not in self.memory:
            with open(self.backing(path), "rb") as file:
                self.memory[path] = bytearray(file.read())
        return self.memory[path]

    def getattr(self, path, fh=None):
        if path == "/.cut":
            self.cut()
        self.check()
        try:
            found = os.lstat(self.backing(path))
        except OSError as error:
            raise FuseOSError(error.errno)
        with self.guard:
            attributes = {field: getattr(found, field) for field in STAT_FIELDS}
            if path in self.memory:
                attributes["st_size"] = len(self.memory[path])
        return attributes

    def readdir(self, path, fh):
        self.check()
        return [".", "..", *os.listdir(self.backing(path))]

    def mkdir(self, path, mode):
        self.check()
        os.mkdir(self.backing(path), mode)

    def rmdir(self, path):
        self.check()
        os.rmdir(self.backing(path))

    def unlink(self, path):
        self.check()
        with self.guard:
            self.memory.pop(path, None)
            os.unlink(self.backing(path))

    def rename(self, old, new):
        self.check()
        with self.guard:
            if old in self.memory:
                self.memory[new] = self.memory.pop(old)
            else:
                self.memory.pop(new, None)
            os.rename(self.backing(old), self.backing(new))

    def open(self, path, flags):
        self.check()
        with self.guard:
            if flags & os.O_TRUNC:
                self.memory[path] = bytearray()
            return os.open(self.backing(path), os.O_RDWR)

    def create(self, path, mode, fi=None):
        self.check()
        with self.guard:
            self.memory[path] = bytearray()
            return os.open(self.backing(path), os.O_RDWR | os.O_CREAT, mode)

    def read(self, path, size, offset, fh):
        self.check()
        with self.guard:
            return bytes(self.content(path)[offset : offset + size])

    def write(self, path, data, offset, fh):
        with self.guard:
            self.check()
            content = self.content(path)
            if len(content) < offset:
                content.extend(b"\0" * (offset - len(content)))
            content[offset : offset + len(data)] = data
        return len(data)

    def truncate(self, path, length, fh=None):
        with self.guard:
            self.check()
            content = self.content(path)
            del content[length:]
            content.extend(b"\0" * (length - len(content)))

    def fsync(self, path, datasync, fh):
        with self.guard:
            self.check()
            if path in self.memory:
                with open(self.backing(path), "r+b") as file:
                    file.write(self.memory[path])
                    file.truncate(len(self.memory[path]))

    def fsyncdir(self, path, datasync, fh):
        self.check()

    def chmod(self, path, mode):
        self.check()
        os.chmod(self.backing(path), mode)

    def flush(self, path, fh):
        self.check()

    def release(self, path, fh):
        os.close(fh)

    def statfs(self, path):
        found = os.statvfs(self.root)
        return {field: getattr(found, field) for field in VOLUME_FIELDS}

    def access(self, path, mode):
        self.check()


if __name__ == "__main__":
    disk = LossyDisk(os.path.abspath(sys.argv[1]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
    signal.signal(signal.SIGUSR2, disk.cut)
    FUSE(disk, sys.argv[2], foreground=True, nothreads=False, allow_other=False)
