// What is done about a replica's file that is damaged: a new one takes its place and goes on with what was
// the device's alone, the list of own commands. Everything else the server sends again.
//
// Step by step, so that a crash at any point loses nothing: what can be read of the commands goes into
// FILE-salvage; FILE is deleted, for it holds rows that the user may lose access to. Whoever opens FILE next
// makes it anew, takes the commands in with its first transaction, and deletes FILE-salvage.
#pragma once

#include <string>

#include "base/error.h"
#include "wherry/types.h"

namespace wherry {

class Core;

// Damage may be found long after the file was opened, and opening it again may not find it. So it is noted,
// in a file beside it, FILE-suspect; whoever opens FILE then is told kCorrupt.
void note_damaged(const std::string& path, const std::string& vfs);
Result<> check_not_damaged(const std::string& path, const std::string& vfs);

// Requires: the file's lock is held, and nobody has it open. Errors: kCorrupt (not recognised as the file of
// a replica: nothing was done), kIo, kFull.
Result<Salvaged> salvage_file(const std::string& path, const std::string& vfs);

// Whether a salvage was begun and its commands wait to be taken in.
Result<bool> awaits_salvaged(const std::string& path, const std::string& vfs);
// Takes them in. Commands that the list has already are left as they are.
Result<> take_salvaged(Core& core, const std::string& path, const std::string& vfs);

}  // namespace wherry
