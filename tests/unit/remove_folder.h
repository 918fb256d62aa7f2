/* SPDX-License-Identifier: Apache-2.0 */
/* Removes a test's folder with all that is in it. */
#ifndef UNIT_REMOVE_FOLDER_H
#define UNIT_REMOVE_FOLDER_H

#include <stdio.h>

#include <ftw.h>

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void remove_folder(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
