/* Records, in their order, all changes that a process makes to the files of one directory.
 *
 * Preloaded into a real process (LD_PRELOAD). Every call is carried out and then written to the
 * log of RECORD_LOG, under one lock, so that the log has the order in which the kernel saw them.
 * Only paths that begin with RECORD_DIR are recorded. A record is a line of text, and for a write
 * its bytes after it:
 *
 *     write INODE OFFSET LENGTH\n BYTES      truncate INODE LENGTH\n
 *     sync INODE\n                           make INODE PATH\n
 *     remove PATH\n                          rename FROM TO\n           link FROM TO\n
 *
 * A sync of the directory itself is a sync of its inode.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_descriptor = -1;
static const char *directory;
static char watched[65536];

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("RECORD_LOG");
  directory = getenv("RECORD_DIR");
  if (path && directory)
    log_descriptor = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
  if (log_descriptor >= 0) {
    int high = fcntl(log_descriptor, F_DUPFD_CLOEXEC, 1000);
    syscall(SYS_close, log_descriptor);
    log_descriptor = high;
  }
}

static void put(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length) {
    long done = syscall(SYS_write, log_descriptor, at, length);
    if (done <= 0) abort();
    at += done;
    length -= done;
  }
}

static void record(const char *format, ...) {
  char line[2 * PATH_MAX + 64];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  put(line, length);
}

static int inside(const char *path) {
  return log_descriptor >= 0 && path && !strncmp(path, directory, strlen(directory));
}

static int is_watched(int descriptor) {
  return descriptor >= 0 && descriptor < (int)sizeof watched && watched[descriptor];
}

static unsigned long inode_of(int descriptor) {
  struct stat status;
  return fstat(descriptor, &status) ? 0 : status.st_ino;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int opened(int descriptor, const char *path, int flags, int existed) {
  if (descriptor < 0 || descriptor >= (int)sizeof watched) return descriptor;
  watched[descriptor] = inside(path);
  if (!watched[descriptor]) return descriptor;
  if ((flags & O_CREAT) && !existed) record("make %lu %s\n", inode_of(descriptor), path);
  else if (flags & O_TRUNC) record("truncate %lu 0\n", inode_of(descriptor));
  return descriptor;
}

#define OPEN(name, parameters, arguments)                                  \
  int name parameters {                                                    \
    va_list rest;                                                          \
    va_start(rest, flags);                                                 \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                          \
    pthread_mutex_lock(&lock);                                             \
    int existed = inside(path) && !access(path, F_OK);                     \
    int result = opened(REAL(name) arguments, path, flags, existed);       \
    pthread_mutex_unlock(&lock);                                           \
    return result;                                                         \
  }
OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))
OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode))

int close(int descriptor) {
  if (is_watched(descriptor)) watched[descriptor] = 0;
  return syscall(SYS_close, descriptor);
}

#define WRITE(name, parameters, arguments, position)                               \
  ssize_t name parameters {                                                        \
    if (!is_watched(descriptor)) return REAL(name) arguments;                      \
    pthread_mutex_lock(&lock);                                                     \
    long long at = position;                                                       \
    ssize_t done = REAL(name) arguments;                                           \
    if (done > 0) {                                                                \
      record("write %lu %lld %zd\n", inode_of(descriptor), at, done);              \
      put(bytes, done);                                                            \
    }                                                                              \
    pthread_mutex_unlock(&lock);                                                   \
    return done;                                                                   \
  }
static long long position_of(int descriptor) {
  struct stat status;
  if ((fcntl(descriptor, F_GETFL) & O_APPEND) && !fstat(descriptor, &status)) return status.st_size;
  return lseek(descriptor, 0, SEEK_CUR);
}
WRITE(write, (int descriptor, const void *bytes, size_t length), (descriptor, bytes, length),
      position_of(descriptor))
WRITE(pwrite, (int descriptor, const void *bytes, size_t length, off_t offset),
      (descriptor, bytes, length, offset), offset)
WRITE(pwrite64, (int descriptor, const void *bytes, size_t length, off64_t offset),
      (descriptor, bytes, length, offset), offset)

#define CHANGE(name, parameters, arguments, is_recorded, ...) \
  int name parameters {                                       \
    if (!(is_recorded)) return REAL(name) arguments;          \
    pthread_mutex_lock(&lock);                                \
    int result = REAL(name) arguments;                        \
    if (!result) record(__VA_ARGS__);                         \
    pthread_mutex_unlock(&lock);                              \
    return result;                                            \
  }
CHANGE(ftruncate, (int descriptor, off_t length), (descriptor, length), is_watched(descriptor),
       "truncate %lu %lld\n", inode_of(descriptor), (long long)length)
CHANGE(ftruncate64, (int descriptor, off64_t length), (descriptor, length), is_watched(descriptor),
       "truncate %lu %lld\n", inode_of(descriptor), (long long)length)
CHANGE(fsync, (int descriptor), (descriptor), is_watched(descriptor), "sync %lu\n",
       inode_of(descriptor))
CHANGE(fdatasync, (int descriptor), (descriptor), is_watched(descriptor), "sync %lu\n",
       inode_of(descriptor))
CHANGE(unlink, (const char *path), (path), inside(path), "remove %s\n", path)
CHANGE(unlinkat, (int at, const char *path, int flags), (at, path, flags), inside(path),
       "remove %s\n", path)
CHANGE(rename, (const char *from, const char *to), (from, to), inside(to), "rename %s %s\n", from,
       to)
CHANGE(renameat, (int at, const char *from, int on, const char *to), (at, from, on, to), inside(to),
       "rename %s %s\n", from, to)
CHANGE(link, (const char *from, const char *to), (from, to), inside(to), "link %s %s\n", from, to)
CHANGE(linkat, (int at, const char *from, int on, const char *to, int flags),
       (at, from, on, to, flags), inside(to), "link %s %s\n", from, to)
