/* SPDX-License-Identifier: Apache-2.0 */
/* Events as lines at the end of a file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "events/targets.h"

/* Ends the line that a server was killed in; else the next one would be a part of it. */
static void end_cut_line(int fd, const char *address)
{
    struct stat st;
    char last = '\n';
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size)
        return;
    int reader = open(address, O_RDONLY | O_CLOEXEC);
    if (reader < 0)
        return;
    if (pread(reader, &last, 1, st.st_size - 1) == 1 && last != '\n')
        (void)!write(fd, "\n", 1);
    close(reader);
}

static int open_file(void **ret, const char *address, struct error *err)
{
    int *fd = malloc(sizeof(*fd));
    if (!fd)
        return error_set(err, ERROR_BUG, "out of memory");
    *fd = open(address, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (*fd < 0) {
        free(fd);
        return error_set(err, ERROR_BAD_REQUEST, "cannot write '%s': %s", address, strerror(errno));
    }
    end_cut_line(*fd, address);
    *ret = fd;
    return 0;
}

static void close_file(void *state)
{
    close(*(int *)state);
    free(state);
}

/* A line that a full disk has cut is written again behind a newline: readers skip what is no JSON.
 */
static int write_line(int fd, const struct event *event, struct error *err)
{
    CLEANUP(text_release) struct text line = {0};
    text_append(&line, event->json, strlen(event->json));
    text_append(&line, "\n", 1);
    ssize_t wrote = write(fd, line.data, line.size);
    if (wrote == (ssize_t)line.size)
        return 0;
    int why = wrote < 0 ? errno : ENOSPC;
    if (wrote > 0 && write(fd, "\n", 1) < 0)
        why = errno;
    return error_set(err, ERROR_DISK_FULL, "cannot write: %s", strerror(why));
}

static int deliver(void *state, const struct event *events, int count, struct cancel *cancel,
                   int *ret_count, struct error *err)
{
    (void)cancel;
    int fd = *(int *)state, wrote = 0;
    while (wrote < count && write_line(fd, &events[wrote], err) == 0)
        wrote++;
    if (fdatasync(fd) < 0 && errno != EINVAL && errno != EROFS) // a pipe cannot
        return error_set(err, ERROR_DISK_FULL, "cannot sync: %s", strerror(errno));
    *ret_count = wrote;
    return wrote == count ? 0 : -1;
}

const struct target_kind target_file = {"file", open_file, close_file, deliver};
