// Snapshot: finding and mapping the files.

#include "js/snapshot.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "js/flags.h"
#include "js/platform.h"
#include "version.h"

namespace plts {

const std::string& LibraryDirectory() {
  static const std::string* directory = [] {
    Dl_info info;
    std::string path;
    if (dladdr(reinterpret_cast<void*>(&LibraryDirectory), &info) != 0) {
      char* real = realpath(info.dli_fname, nullptr);
      path = real != nullptr ? real : info.dli_fname;
      std::free(real);
      path.resize(path.rfind('/'));
    }
    return new std::string(path);
  }();
  return *directory;
}

Snapshot::Snapshot(const char* name) : data_{nullptr, 0} {
  StartPlatform();
  const std::string path =
      LibraryDirectory() + "/plts-" + kVersion + "/" + std::string(name);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status;
  void* memory = MAP_FAILED;
  if (file >= 0 && fstat(file, &status) == 0) {
    memory = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE,
                  file, 0);
  }
  const int problem = errno;
  if (file >= 0) close(file);
  if (memory == MAP_FAILED) {
    throw Error(ERRCODE_UNDEFINED_FILE, "could not read \"" + path + "\"",
                strerror(problem), "Install plts again: run \"make install\".");
  }
  const auto size = static_cast<size_t>(status.st_size);
  const char* bytes = static_cast<const char*>(memory);
  SnapshotTrailer trailer = {};
  if (size > sizeof(trailer)) {
    std::memcpy(&trailer, bytes + size - sizeof(trailer), sizeof(trailer));
  }
  if (std::memcmp(trailer.mark, kSnapshotMark, sizeof(trailer.mark)) != 0 ||
      trailer.size != size - sizeof(trailer)) {
    munmap(memory, size);
    throw Error(ERRCODE_CONFIG_FILE_ERROR, "\"" + path + "\" is not a whole snapshot",
                {}, "Install plts again: run \"make install\".");
  }
  data_.data = bytes;
  data_.raw_size = static_cast<int>(trailer.size);
  if (!data_.IsValid()) {
    munmap(memory, size);
    throw Error(ERRCODE_CONFIG_FILE_ERROR,
                "\"" + path + "\" was made by another version of V8",
                std::string("The V8 that is loaded is ") + v8::V8::GetVersion() + ".",
                "Build and install plts again, which makes its snapshots anew.");
  }
}

}  // namespace plts
