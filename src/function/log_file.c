/* SPDX-License-Identifier: Apache-2.0 */
#include "function/log_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_MAX = 32 + 16 + 64 + LOGS_STREAM_MAX };

char *log_file_name(int number, char out[LOG_FILE_NAME_SIZE])
{
    snprintf(out, LOG_FILE_NAME_SIZE, "%08d.log", number);
    return out;
}

/* 0: it is none of ours. */
static int number_of(const char *name)
{
    char again[LOG_FILE_NAME_SIZE];
    int number = atoi(name);
    bool ours = number > 0 && number <= LOG_FILE_NUMBER_MAX &&
                strcmp(log_file_name(number, again), name) == 0;
    return ours ? number : 0;
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

int log_file_list(const char *folder, int **ret, int *ret_count, struct error *err)
{
    DIR *dir = opendir(folder);
    if (!dir && (errno == ENOENT || errno == ENOTDIR))
        return error_set(err, ERROR_NOT_FOUND, "there is no log '%s'", folder);
    if (!dir)
        return error_set(err, ERROR_BUG, "cannot read '%s': %s", folder, strerror(errno));
    CLEANUP(text_release) struct text numbers = {0};
    for (struct dirent *entry; (entry = readdir(dir));) {
        int number = number_of(entry->d_name);
        if (number)
            text_append(&numbers, &number, sizeof(number));
    }
    closedir(dir);
    int count = (int)(numbers.size / sizeof(int));
    if (count)
        qsort(numbers.data, (size_t)count, sizeof(int), by_number);
    *ret = (int *)(void *)TAKE(numbers.data);
    *ret_count = count;
    return 0;
}

void log_file_add(struct text *out, const struct log_event *event)
{
    text_add(out, "%" PRId64 " %zu %s %s\n", event->at_ms, event->size,
             event->invocation && *event->invocation ? event->invocation : "-", event->stream);
    text_append(out, event->message, event->size);
    text_append(out, "\n", 1);
}

/* The number that the text begins with, and the space behind it. NULL: there is none. */
static char *read_number(char *at, int64_t most, int64_t *ret)
{
    char *end;
    if (*at < '0' || *at > '9')
        return NULL;
    errno = 0;
    long long number = strtoll(at, &end, 10);
    if (errno || number > most || *end != ' ')
        return NULL;
    *ret = number;
    return end + 1;
}

/* The head of an event, a NUL-terminated line; its message is left alone. */
static bool read_head(char *line, struct log_event *ret)
{
    int64_t size;
    char *at = read_number(line, INT64_MAX, &ret->at_ms);
    at = at ? read_number(at, LOGS_MESSAGE_MAX, &size) : NULL;
    char *space = at ? strchr(at, ' ') : NULL;
    if (!space)
        return false;
    *space = '\0';
    ret->size = (size_t)size;
    ret->invocation = strcmp(at, "-") == 0 ? "" : at;
    ret->stream = space + 1;
    return true;
}

bool log_file_event(char *text, size_t size, size_t at, struct log_event *ret)
{
    size_t rest = size - at;
    char *line = text + at,
         *end = rest ? memchr(line, '\n', rest < HEAD_MAX ? rest : HEAD_MAX) : NULL;
    struct log_event event = {0};
    if (!end)
        return false;
    *end = '\0';
    if (!read_head(line, &event))
        return false;
    size_t begin = (size_t)(end + 1 - text);
    if (event.size >= size - begin || text[begin + event.size] != '\n')
        return false;
    event.message = text + begin;
    event.position = (int64_t)(begin + event.size + 1);
    *ret = event;
    return true;
}

int log_file_whole(int fd, int64_t *ret, struct error *err)
{
    char head[HEAD_MAX + 1], last;
    int64_t whole = 0;
    for (;;) {
        struct log_event event;
        ssize_t size = pread(fd, head, HEAD_MAX, whole);
        if (size < 0)
            return error_set(err, ERROR_BUG, "cannot read a log: %s", strerror(errno));
        char *end = memchr(head, '\n', (size_t)size);
        if (!end)
            break;
        *end = '\0';
        int64_t begin = whole + (end + 1 - head);
        if (!read_head(head, &event) || pread(fd, &last, 1, begin + (int64_t)event.size) != 1 ||
            last != '\n')
            break;
        whole = begin + (int64_t)event.size + 1;
    }
    *ret = whole;
    return 0;
}

/* Whether an event can begin there: at the start, or behind a newline. */
static bool may_begin(int fd, int64_t offset)
{
    char before;
    return offset == 0 || (pread(fd, &before, 1, offset - 1) == 1 && before == '\n');
}

int log_file_read(const char *folder, int number, int64_t offset, struct text *out,
                  struct error *err)
{
    char path[PATH_MAX], name[LOG_FILE_NAME_SIZE], block[64 * 1024];
    snprintf(path, sizeof(path), "%s/%s", folder, log_file_name(number, name));
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return 0; // it was the oldest, and has gone meanwhile
    if (fd < 0)
        return error_set(err, ERROR_BUG, "cannot open '%s': %s", path, strerror(errno));
    ssize_t size = 0;
    if (may_begin(fd, offset))
        while ((size = pread(fd, block, sizeof(block), offset)) > 0 &&
               out->size < LOGS_FILE_MAX + 2 * LOGS_MESSAGE_MAX) {
            text_append(out, block, (size_t)size);
            offset += size;
        }
    int why = errno;
    close(fd);
    if (size < 0)
        return error_set(err, ERROR_BUG, "cannot read '%s': %s", path, strerror(why));
    return 0;
}
