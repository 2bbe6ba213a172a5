#include "sqlite/wal_buffer.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace wherry::sqlite {

namespace {

constexpr int kFrameHeader = 24;

// The size of the database after the transaction, big-endian in bytes 4 to 7: zero in all frames but its
// last.
bool ends_transaction(const unsigned char* header) {
  return std::any_of(header + 4, header + 8, [](unsigned char byte) { return byte != 0; });
}

}  // namespace

int WalBuffer::write(sqlite3_file* to, const void* from, int amount, sqlite3_int64 offset) {
  const bool appends = offset == end_;
  if (!appends || size_ + amount > kBytes)
    if (const int code = flush(to); code != SQLITE_OK) return code;
  end_ = offset + amount;
  if (amount == kFrameHeader) ends_transaction_ = ends_transaction(static_cast<const unsigned char*>(from));
  if (!appends || amount > kBytes) return to->pMethods->xWrite(to, from, amount, offset);
  if (bytes_ == nullptr) bytes_.reset(new (std::nothrow) unsigned char[kBytes]);
  if (bytes_ == nullptr) return SQLITE_IOERR_NOMEM;
  std::memcpy(bytes_.get() + size_, from, static_cast<size_t>(amount));
  size_ += amount;
  return ends_transaction_ && amount != kFrameHeader ? flush(to) : SQLITE_OK;
}

int WalBuffer::flush(sqlite3_file* to) {
  const int size = std::exchange(size_, 0);
  const auto bytes = std::move(bytes_);
  return size == 0 ? SQLITE_OK : to->pMethods->xWrite(to, bytes.get(), size, end_ - size);
}

}  // namespace wherry::sqlite
