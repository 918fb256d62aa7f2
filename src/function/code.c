/* SPDX-License-Identifier: Apache-2.0 */
#include "function/code.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "function/package.h"

#define ZIP ".zip"

enum { HEX_SIZE = 2 * SHA256_DIGEST_LENGTH + 1, FOLDERS_OPEN_MAX = 16 };

static void hex_of(const unsigned char digest[SHA256_DIGEST_LENGTH], char out[HEX_SIZE])
{
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* The name of a folder from what a record says. */
static void hex_of_base64(const char *sha256, char out[HEX_SIZE])
{
    unsigned char digest[SHA256_DIGEST_LENGTH + 1] = {0};
    if (strlen(sha256) == CODE_SHA256_SIZE - 1)
        EVP_DecodeBlock(digest, (const unsigned char *)sha256, CODE_SHA256_SIZE - 1);
    hex_of(digest, out);
}

char *code_path(const char *folder, const char *name, const char *sha256, char path[PATH_MAX])
{
    char hex[HEX_SIZE];
    hex_of_base64(sha256, hex);
    snprintf(path, PATH_MAX, "%s/%s/%s", folder, name, hex);
    return path;
}

/* --- removing --- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)ftw;
    if ((type == FTW_DP || type == FTW_DNR ? rmdir(path) : unlink(path)) == 0 || errno == ENOENT)
        return 0;
    return -1;
}

int code_remove_tree(const char *path, struct error *err)
{
    if (nftw(path, remove_one, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 &&
        errno != ENOENT)
        return error_set(err, ERROR_BUG, "cannot remove '%s': %s", path, strerror(errno));
    return 0;
}

int code_remove_others(const char *folder, const char *name, const char *sha256, struct error *err)
{
    char path[PATH_MAX], kept[HEX_SIZE] = "";
    int r = 0, left = 0;
    if (sha256)
        hex_of_base64(sha256, kept);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    DIR *dir = opendir(path);
    if (!dir && errno == ENOENT)
        return 0;
    if (!dir)
        return error_set(err, ERROR_BUG, "cannot read '%s': %s", path, strerror(errno));
    for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
        const char *file = entry->d_name;
        if (strcmp(file, ".") == 0 || strcmp(file, "..") == 0)
            continue;
        bool is_kept = *kept && strncmp(file, kept, strlen(kept)) == 0 &&
                       (!file[strlen(kept)] || strcmp(file + strlen(kept), ZIP) == 0);
        left += is_kept;
        if (is_kept)
            continue;
        snprintf(path, sizeof(path), "%s/%s/%s", folder, name, file);
        r = code_remove_tree(path, err);
    }
    closedir(dir);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (r == 0 && !left && rmdir(path) < 0 && errno != ENOENT && errno != ENOTEMPTY)
        return error_set(err, ERROR_BUG, "cannot remove '%s': %s", path, strerror(errno));
    return r;
}

/* --- putting --- */

static int sync_disk(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 ? -1 : syncfs(fd);
    if (r < 0)
        r = error_set(err, ERROR_BUG, "cannot write '%s' to disk: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return r;
}

/* `fresh` becomes `path`. The same code may be there already, changed by the function: whoever
 * still runs in it keeps it, as `fresh`, until code_remove_others(). */
static int move(const char *fresh, const char *path, const char *parent, struct error *err)
{
    if (sync_disk(fresh, err) < 0)
        return -1;
    if (rename(fresh, path) == 0)
        return sync_disk(parent, err);
    if (errno != EEXIST && errno != ENOTEMPTY)
        return error_set(err, ERROR_BUG, "cannot make '%s': %s", path, strerror(errno));
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
        return sync_disk(parent, err);
    if (errno != EINVAL && errno != ENOSYS)
        return error_set(err, ERROR_BUG, "cannot replace '%s': %s", path, strerror(errno));
    return code_remove_tree(fresh, err); // a file system that cannot: it stays as it is
}

/* The zip itself, beside the folder. Another one of that name is the same. */
static int keep_zip(const void *zip, size_t size, const char *path, struct error *err)
{
    char fresh[PATH_MAX + 8], kept[PATH_MAX + 8];
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    snprintf(kept, sizeof(kept), "%s" ZIP, path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int r = fd < 0 ? -1 : 0;
    for (size_t done = 0; r == 0 && done < size;) {
        ssize_t n = write(fd, (const char *)zip + done, size - done);
        r = n < 0 && errno != EINTR ? -1 : 0;
        done += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0 && close(fd) < 0)
        r = -1;
    if (r == 0 && rename(fresh, kept) == 0)
        return 0;
    int why = errno;
    unlink(fresh);
    return error_set(err, why == ENOSPC ? ERROR_DISK_FULL : ERROR_BUG, "cannot write '%s': %s",
                     kept, strerror(why));
}

static int unpack(const void *zip, size_t size, const char *parent, const char *path,
                  bool check_only, struct error *err)
{
    char fresh[PATH_MAX + 32];
    snprintf(fresh, sizeof(fresh), "%s/.unpacking-XXXXXX", parent);
    if (!mkdtemp(fresh))
        return error_set(err, ERROR_BUG, "cannot make a folder in '%s': %s", parent,
                         strerror(errno));
    int r = package_unpack(zip, size, &package_limits, fresh, err);
    if (r == 0 && chmod(fresh, 0755) < 0)
        r = error_set(err, ERROR_BUG, "cannot change '%s': %s", fresh, strerror(errno));
    if (r == 0 && !check_only)
        r = keep_zip(zip, size, path, err);
    if (r == 0 && !check_only)
        return move(fresh, path, parent, err);
    struct error ignored; // what matters is what was wrong before; the next start removes it, too
    if (code_remove_tree(fresh, r < 0 ? &ignored : err) < 0)
        r = -1;
    return r;
}

int code_put(const char *folder, const char *name, const void *zip, size_t size, bool check_only,
             char ret_sha256[CODE_SHA256_SIZE], struct error *err)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char parent[PATH_MAX], path[PATH_MAX], base64[CODE_SHA256_SIZE];
    if (!EVP_Digest(zip, size, digest, NULL, EVP_sha256(), NULL))
        return error_set(err, ERROR_BUG, "cannot make a SHA-256");
    EVP_EncodeBlock((unsigned char *)base64, digest, sizeof(digest));
    snprintf(parent, sizeof(parent), "%s/%s", folder, name);
    code_path(folder, name, base64, path);
    if (mkdir(parent, 0755) < 0 && errno != EEXIST)
        return error_set(err, ERROR_BUG, "cannot make '%s': %s", parent, strerror(errno));
    int r = unpack(zip, size, parent, path, check_only, err);
    if (r < 0 || check_only)
        rmdir(parent); // unless it has code
    if (r < 0)
        return -1;
    memcpy(ret_sha256, base64, sizeof(base64));
    return 0;
}

/* --- and back --- */

static int read_all(int fd, int64_t size, struct arena *arena, const void **ret)
{
    char *bytes = arena_alloc(arena, (size_t)size + 1);
    for (int64_t done = 0; done < size;) {
        ssize_t n = pread(fd, bytes + done, (size_t)(size - done), done);
        if (n == 0)
            errno = EIO; // it has become shorter
        if (n == 0 || (n < 0 && errno != EINTR))
            return -1;
        done += n > 0 ? n : 0;
    }
    *ret = bytes;
    return 0;
}

int code_read(const char *folder, const char *name, const char *sha256, struct arena *arena,
              const void **ret_zip, size_t *ret_size, struct error *err)
{
    char path[PATH_MAX], file[PATH_MAX + 8];
    struct stat st = {0};
    snprintf(file, sizeof(file), "%s" ZIP, code_path(folder, name, sha256, path));
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int r = fd < 0 || fstat(fd, &st) < 0 ? -1 : read_all(fd, st.st_size, arena, ret_zip);
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (r < 0)
        return error_set(err, why == ENOENT ? ERROR_NOT_FOUND : ERROR_BUG, "cannot read '%s': %s",
                         file, strerror(why));
    *ret_size = (size_t)st.st_size;
    return 0;
}
