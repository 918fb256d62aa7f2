/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as ~/.aws/credentials and ~/.aws/config. What is found can stand in a request's headers
 * and a message never tells the secret. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include "s3/credentials.h"
#include "s3/file.h"

static void check(const char *value)
{
    for (; value && *value; value++) {
        if ((unsigned char)*value < ' ' || *value == 0x7f)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(file_close) int fd = memfd_create("credentials", MFD_CLOEXEC);
    struct credentials found;
    struct error err;
    char path[64];
    if (!size || file_write_at(fd, 0, data + 1, size - 1) < 0)
        return 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    setenv("AWS_SHARED_CREDENTIALS_FILE", data[0] & 1 ? path : "/dev/null", 1);
    setenv("AWS_CONFIG_FILE", data[0] & 2 ? path : "/dev/null", 1);
    setenv("AWS_PROFILE", data[0] & 4 ? "some one" : "", 1);
    if (credentials_find(arena, &found, &err) < 0)
        return 0;
    if (!found.access_key || !found.secret_key || !found.region)
        abort();
    check(found.access_key);
    check(found.session_token);
    check(found.region);
    return 0;
}
