"""Executes a program as on a kernel without a feature.

usage: hide.py seccomp|landlock PROGRAM [ARGUMENT...]

A filter of libseccomp makes the kernel answer as if it does not know the call.
"""

import ctypes
import errno
import os
import sys

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_EQUAL = 4
_PR_SET_SECCOMP = 22


class _Condition(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operation", ctypes.c_int),
                ("first", ctypes.c_uint64), ("second", ctypes.c_uint64)]


def _hide(library, context, call: str, error: int, first_argument=None):
    number = library.seccomp_syscall_resolve_name(call.encode())
    condition = _Condition(0, _EQUAL, first_argument or 0, 0)
    count = 0 if first_argument is None else 1
    if library.seccomp_rule_add_array(context, _ERRNO | error, number, count,
                                      ctypes.byref(condition)) != 0:
        sys.exit(f"{call} cannot be hidden")


def main(what: str, *command: str):
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(_ALLOW))
    if what == "seccomp":
        _hide(library, context, "seccomp", errno.EINVAL)
        _hide(library, context, "prctl", errno.EINVAL, _PR_SET_SECCOMP)
    else:
        _hide(library, context, "landlock_create_ruleset", errno.ENOSYS)
    if library.seccomp_load(context) != 0:
        sys.exit("the filter cannot be loaded")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
