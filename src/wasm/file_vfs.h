// SQLite's default VFS in WebAssembly: files are those of the host (host.h), each opened by one core at a
// time; locks and the WAL's index stay within it.
#pragma once

namespace wherry::wasm {

void register_file_vfs();

}  // namespace wherry::wasm
