#!/usr/bin/env python3
"""Checks that the core archives call nothing of the outside world.

`symbols.py [--nm NM] ARCHIVE…` lists the undefined symbols of each archive and ends with 1 if one of them is a
socket, thread, clock, entropy or file function. SQLite itself is not among the archives: its VFS is the
core's only way to files.
"""
import argparse
import re
import subprocess
import sys

# C functions, by exact name; glibc's variants (__open64_2, __read_chk, …) are reduced to them first.
FORBIDDEN = {
    "socket": "socket socketpair connect bind listen accept accept4 send sendto sendmsg recv recvfrom recvmsg select "
              "poll ppoll epoll_create1 epoll_ctl epoll_wait getaddrinfo gethostbyname setsockopt shutdown",
    "thread": "fork vfork execve system popen kill signal sigaction sleep usleep nanosleep clock_nanosleep sched_yield "
              "sem_wait sem_post sqlite3_sleep",
    "clock": "time clock clock_gettime gettimeofday timespec_get ftime localtime localtime_r gmtime gmtime_r mktime "
             "strftime timer_create timerfd_create",
    "entropy": "getrandom getentropy rand rand_r srand random srandom drand48 lrand48 arc4random arc4random_buf "
               "sqlite3_randomness",
    "file": "open openat creat read write pread pwrite readv writev close unlink rename mkdir rmdir stat lstat fstat "
            "fsync fdatasync ftruncate mmap fopen fopen64 freopen fdopen fclose fread fwrite fgets fputs fputc fputs puts "
            "putc putchar printf fprintf vfprintf perror remove tmpfile mkstemp opendir readdir access getcwd chdir "
            "stdin stdout stderr",
    "environment": "getenv secure_getenv setenv dlopen dlsym getpid gethostname",
}
# C++, by prefix of the demangled name.
FORBIDDEN_CXX = {
    "thread": "std::thread std::this_thread std::mutex std::recursive_mutex std::condition_variable std::__future "
              "std::__condvar std::jthread std::__atomic_futex",
    "clock": "std::chrono::",
    "entropy": "std::random_device",
    "file": "std::filesystem std::basic_filebuf std::basic_ifstream std::basic_ofstream std::basic_fstream std::cout "
            "std::cerr std::clog std::cin std::ios_base::Init",
}
# Symbol: why the core needs it all the same. Kept empty; an entry must say what stands in for it in the simulator.
ALLOWED = {}

C_NAMES = {name: kind for kind, names in FORBIDDEN.items() for name in names.split()}


def kind_of(symbol, demangled):
    for name in (symbol, re.sub(r"^__(isoc\d+_)?|(64)?(_2|_chk|_time64)?$", "", symbol), re.sub(r"64$", "", symbol)):
        if name in C_NAMES:
            return C_NAMES[name]
    if re.match(r"(pthread|thrd|mtx|cnd)_", symbol):
        return "thread"
    for kind, prefixes in FORBIDDEN_CXX.items():
        if demangled.startswith(tuple(prefixes.split())):
            return kind
    return None


def undefined(nm, archive, *options):
    command = [nm, "-u", "-A", *options, archive]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    for line in lines:
        # "libx.a:member.o:                 U name", as GNU and LLVM print it; `w` is a weak reference.
        match = re.match(r"^.*?:([^:\s]+\.o):\s+[Uwv]\s+(.*)$", line)
        if match:
            yield match[1], match[2].strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nm", default="nm")
    parser.add_argument("archives", nargs="+")
    arguments = parser.parse_args()
    seen, found = 0, []
    for archive in arguments.archives:
        raw = list(undefined(arguments.nm, archive))
        plain = list(undefined(arguments.nm, archive, "-C"))
        assert len(raw) == len(plain), f"{archive}: nm printed two different lists"
        seen += len(raw)
        for (member, symbol), (_, demangled) in zip(raw, plain):
            symbol = symbol.split("@")[0]
            kind = kind_of(symbol, demangled)
            if kind and symbol not in ALLOWED:
                found.append(f"{archive}: {member} uses {demangled} ({kind})")
    if seen == 0:
        found.append("no undefined symbol at all: nm was not understood")
    print("\n".join(sorted(set(found))) or f"{seen} references in {len(arguments.archives)} archives, none outside")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
