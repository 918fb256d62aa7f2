/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the zip of a function: unpacked within small limits, and nothing lies outside of the
 * folder, is a link, or has more bytes or folders than may be. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "function/code.h"
#include "function/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t found; /* bytes of files */
static int folders;   /* and the one that they are in */

static int look(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)path, (void)ftw;
    if ((type != FTW_F && type != FTW_D) || (st->st_mode & 07000))
        abort();
    found += type == FTW_F ? st->st_size : 0;
    folders += type == FTW_D;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct package_limits limits = {1 << 20, 1 << 16, 64, 100};
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    struct error err;
    struct stat st;
    char folder[256], inside[300];
    snprintf(folder, sizeof(folder), "%s/fuzz-package.%d", tmp, getpid());
    snprintf(inside, sizeof(inside), "%s/in", folder);
    mkdir(folder, 0755);
    mkdir(inside, 0755);
    (void)!package_unpack(data, size, &limits, inside, &err);
    found = folders = 0;
    nftw(inside, look, 16, FTW_PHYS);
    if (found > limits.bytes_max || folders > limits.folders_max + 2)
        abort();
    if (code_remove_tree(inside, &err) < 0 || stat(inside, &st) == 0 || rmdir(folder) < 0)
        abort(); // there was something beside it
    return 0;
}
