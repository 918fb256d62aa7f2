/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints ranges of an object, one after the other, as one reader finds them:
 *
 *   s3_read URI [OFFSET SIZE]...
 *
 * The storage is the folder that STORAGE names, or the S3 server of AWS_ENDPOINT_URL_S3. Exit
 * status 1, with the reason on stderr, where `run` would fail.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "s3/storage.h"

static int print_range(struct object_reader *reader, int64_t offset, size_t size, struct error *err)
{
    CLEANUP(free_pointer) char *bytes = malloc(size + 1);
    if (!bytes)
        return error_set(err, ERROR_BUG, "out of memory");
    if (object_read(reader, offset, bytes, size, &size, err) < 0)
        return -1;
    fwrite(bytes, 1, size, stdout);
    return 0;
}

static int print_ranges(struct storage *storage, char **argv, struct error *err)
{
    CLEANUP(object_close) struct object_reader *reader = NULL;
    if (storage_open(storage, argv[0], NULL, &reader, err) < 0)
        return -1;
    for (char **range = argv + 1; range[0] && range[1]; range += 2) {
        if (print_range(reader, strtoll(range[0], NULL, 10), strtoul(range[1], NULL, 10), err) < 0)
            return -1;
    }
    return 0;
}

static int open_storage(struct storage **ret, struct error *err)
{
    const char *folder = getenv("STORAGE");
    struct s3_options options = {.endpoint = getenv("AWS_ENDPOINT_URL_S3")};
    return folder ? storage_open_folder(ret, folder, err) : storage_open_s3(ret, &options, err);
}

int main(int argc, char **argv)
{
    CLEANUP(storage_free) struct storage *storage = NULL;
    struct error err = {0};
    signal(SIGPIPE, SIG_IGN);
    if (argc >= 2 && open_storage(&storage, &err) == 0 &&
        print_ranges(storage, argv + 1, &err) == 0 && fflush(stdout) == 0)
        return 0;
    char text[1024];
    fprintf(stderr, "%d: %s\n", err.kind, error_text(&err, text, sizeof(text)));
    return 1;
}
