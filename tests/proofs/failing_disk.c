/* Makes every write to the ledger fail with EIO while the file DISK_FAILS exists.
 *
 * Preloaded into a real agent (LD_PRELOAD), whose database library then sees a broken disk.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(int descriptor) {
  const char *sign = getenv("DISK_FAILS");
  if (!sign || access(sign, F_OK)) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, "/ledger.db") != NULL;
}

#define FAILING(type, name, parameters, arguments)                   \
  type name parameters {                                             \
    if (fails(descriptor)) {                                         \
      errno = EIO;                                                   \
      return -1;                                                     \
    }                                                                \
    return ((__typeof__(&name))dlsym(RTLD_NEXT, #name)) arguments;   \
  }
FAILING(ssize_t, pwrite, (int descriptor, const void *bytes, size_t length, off_t offset),
        (descriptor, bytes, length, offset))
FAILING(ssize_t, pwrite64, (int descriptor, const void *bytes, size_t length, off64_t offset),
        (descriptor, bytes, length, offset))
FAILING(int, fsync, (int descriptor), (descriptor))
FAILING(int, fdatasync, (int descriptor), (descriptor))
