/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where functions' code is: FOLDER/NAME/SHA256/, named by the SHA-256 of the zip that it came from,
 * and that zip as SHA256.zip beside it. A folder of that name is whole: the zip was unpacked beside
 * it and renamed when all of it was on disk. The function may write to it; the same zip put again
 * makes it what it was.
 */
#ifndef FUNCTION_CODE_H
#define FUNCTION_CODE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum {
    CODE_SHA256_SIZE = 45, /* in base64, as CodeSha256 has it */
};

/* Unpacks a zip to where the code of `name` belongs, or only looks whether it could
 * (`check_only`). Errors as package_unpack()'s. */
int code_put(const char *folder, const char *name, const void *zip, size_t size, bool check_only,
             char ret_sha256[CODE_SHA256_SIZE], struct error *err) MUST_CHECK;

/* The folder of that code; returns path. */
char *code_path(const char *folder, const char *name, const char *sha256, char path[PATH_MAX]);

/* The zip that the code came from, in the arena. ERROR_NOT_FOUND: there is none. */
int code_read(const char *folder, const char *name, const char *sha256, struct arena *arena,
              const void **ret_zip, size_t *ret_size, struct error *err) MUST_CHECK;

/* Removes all code of `name` but that of `sha256`; NULL: all. */
int code_remove_others(const char *folder, const char *name, const char *sha256,
                       struct error *err) MUST_CHECK;

/* Removes a folder with all that is in it. It need not be there. */
int code_remove_tree(const char *path, struct error *err) MUST_CHECK;

#endif
