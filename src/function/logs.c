/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and who writes to them; log_read.c reads. */
#include "function/logs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "function/log_file.h"
#include "function/log_folder.h"
#include "function/name.h"

enum { OPEN_MAX_GROUPS = 64 };

/* A group that is written to. */
struct writer {
    struct writer *next;
    char group[FUNCTION_NAME_MAX + 1];
    int fd, number; /* of its newest file */
    int64_t size;   /* of that */
};

struct logs {
    char *folder; /* constant */

    pthread_mutex_t lock;
    // ---- guarded by lock ----
    struct writer *writers; /* the last used first */
    int writers_count;
};

int logs_open(struct logs **ret, const char *folder, struct error *err)
{
    if (strlen(folder) + FUNCTION_NAME_MAX + LOG_FILE_NAME_SIZE + 2 > PATH_MAX)
        return error_set(err, ERROR_BAD_REQUEST, "the name of the folder for logs is too long");
    struct logs *logs = calloc(1, sizeof(*logs));
    char *copy = strdup(folder);
    if (!logs || !copy) {
        free(logs);
        free(copy);
        return error_set(err, ERROR_BUG, "out of memory");
    }
    logs->folder = copy;
    pthread_mutex_init(&logs->lock, NULL);
    *ret = logs;
    return 0;
}

static void close_writer(struct logs *logs, struct writer **link)
{
    struct writer *writer = *link;
    *link = writer->next;
    logs->writers_count--;
    close(writer->fd);
    free(writer);
}

void logs_free(struct logs **logs)
{
    if (!*logs)
        return;
    while ((*logs)->writers)
        close_writer(*logs, &(*logs)->writers);
    pthread_mutex_destroy(&(*logs)->lock);
    free((*logs)->folder);
    free(*logs);
    *logs = NULL;
}

int log_folder(const struct logs *logs, const char *group, char path[PATH_MAX], struct error *err)
{
    if (!function_name_valid(group))
        return error_set(err, ERROR_NOT_FOUND, "there is no log group '" LOGS_GROUP_PREFIX "%s'",
                         group);
    snprintf(path, PATH_MAX, "%s/%s", logs->folder, group);
    return 0;
}

/* --- the numbers of files --- */

static void last_path(const struct logs *logs, const char *suffix, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/.last%s", logs->folder, suffix);
}

/* The highest number that a deleted group had; 0 where none was deleted. */
static int last_number(const struct logs *logs)
{
    char path[PATH_MAX];
    int number = 0;
    last_path(logs, "", path);
    FILE *file = fopen(path, "re");
    if (file && (fscanf(file, "%d", &number) != 1 || number < 0 || number >= LOG_FILE_NUMBER_MAX))
        number = 0;
    if (file)
        fclose(file);
    return number;
}

/* To be called before a group's files go. */
static int keep_number(const struct logs *logs, int number, struct error *err)
{
    char path[PATH_MAX], fresh[PATH_MAX];
    if (number <= last_number(logs))
        return 0;
    last_path(logs, "", path);
    last_path(logs, ".new", fresh);
    FILE *file = fopen(fresh, "we");
    int r = file && fprintf(file, "%d\n", number) > 0 ? 0 : -1;
    if (file && fclose(file) == EOF)
        r = -1;
    if (r < 0 || rename(fresh, path) < 0)
        return error_set(err, ERROR_BUG, "cannot write '%s': %s", path, strerror(errno));
    return 0;
}

/* --- writing --- */

/* Opens the newest file, without what a crash has cut, or makes one. */
static int open_file(struct writer *writer, const char *folder, struct error *err)
{
    char path[PATH_MAX], name[LOG_FILE_NAME_SIZE];
    snprintf(path, sizeof(path), "%s/%s", folder, log_file_name(writer->number, name));
    writer->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (writer->fd < 0)
        return error_set(err, ERROR_BUG, "cannot open '%s': %s", path, strerror(errno));
    if (log_file_whole(writer->fd, &writer->size, err) < 0) {
        close(writer->fd);
        return error_add(err, "'%s'", path);
    }
    if (ftruncate(writer->fd, writer->size) < 0) {
        int why = errno;
        close(writer->fd);
        return error_set(err, ERROR_BUG, "cannot shorten '%s': %s", path, strerror(why));
    }
    return 0;
}

static int make_folders(const struct logs *logs, const char *folder, struct error *err)
{
    const char *const folders[] = {logs->folder, folder};
    for (size_t i = 0; i < COUNT(folders); i++)
        if (mkdir(folders[i], 0700) < 0 && errno != EEXIST)
            return error_set(err, ERROR_BUG, "cannot make '%s': %s", folders[i], strerror(errno));
    return 0;
}

static int open_writer(struct logs *logs, const char *group, struct error *err)
{
    char folder[PATH_MAX];
    CLEANUP(free_pointer) int *numbers = NULL;
    int count;
    if (log_folder(logs, group, folder, err) < 0 || make_folders(logs, folder, err) < 0 ||
        log_file_list(folder, &numbers, &count, err) < 0)
        return -1;
    struct writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return error_set(err, ERROR_BUG, "out of memory");
    snprintf(writer->group, sizeof(writer->group), "%s", group);
    writer->number = count ? numbers[count - 1] : last_number(logs) + 1;
    if (open_file(writer, folder, err) < 0) {
        free(writer);
        return -1;
    }
    writer->next = logs->writers;
    logs->writers = writer;
    logs->writers_count++;
    return 0;
}

/* Its writer becomes the first. */
static int find_writer(struct logs *logs, const char *group, struct error *err)
{
    for (struct writer **link = &logs->writers; *link; link = &(*link)->next)
        if (strcmp((*link)->group, group) == 0) {
            struct writer *writer = *link;
            *link = writer->next;
            writer->next = logs->writers;
            logs->writers = writer;
            return 0;
        }
    if (logs->writers_count == OPEN_MAX_GROUPS) {
        struct writer **last = &logs->writers;
        while ((*last)->next)
            last = &(*last)->next;
        close_writer(logs, last);
    }
    return open_writer(logs, group, err);
}

/* The first `count` of a group's files. */
static int remove_files(const char *folder, const int *numbers, int count, struct error *err)
{
    char path[PATH_MAX + LOG_FILE_NAME_SIZE], name[LOG_FILE_NAME_SIZE];
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, log_file_name(numbers[i], name));
        if (unlink(path) < 0 && errno != ENOENT)
            return error_set(err, ERROR_BUG, "cannot remove '%s': %s", path, strerror(errno));
    }
    return 0;
}

/* Goes on in another file, and removes the oldest if there are too many. */
static int next_file(struct logs *logs, struct writer *writer, struct error *err)
{
    char folder[PATH_MAX];
    CLEANUP(free_pointer) int *numbers = NULL;
    int count;
    struct writer next = *writer;
    next.number++;
    if (log_folder(logs, writer->group, folder, err) < 0 || make_folders(logs, folder, err) < 0 ||
        open_file(&next, folder, err) < 0)
        return -1;
    close(writer->fd);
    *writer = next;
    if (log_file_list(folder, &numbers, &count, err) < 0)
        return -1;
    return remove_files(folder, numbers, count - LOGS_FILES_MAX, err);
}

static int write_all(struct writer *writer, const struct text *text, struct error *err)
{
    for (size_t done = 0; done < text->size;) {
        ssize_t size = write(writer->fd, text->data + done, text->size - done);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0) {
            int why = errno;
            if (done && ftruncate(writer->fd, writer->size) < 0)
                return error_set(err, ERROR_BUG, "cannot shorten the log of '%s': %s",
                                 writer->group, strerror(errno));
            return error_set(err, ERROR_BUG, "cannot write the log of '%s': %s", writer->group,
                             strerror(why));
        }
        done += (size_t)size;
    }
    writer->size += (int64_t)text->size;
    return 0;
}

static int append(struct logs *logs, const char *group, const struct text *text, struct error *err)
{
    if (find_writer(logs, group, err) < 0)
        return -1;
    struct writer *writer = logs->writers;
    if (writer->size && writer->size + (int64_t)text->size > LOGS_FILE_MAX &&
        next_file(logs, writer, err) < 0)
        return -1;
    return write_all(writer, text, err);
}

int logs_append(struct logs *logs, const char *group, const struct log_event *events, int count,
                struct error *err)
{
    int r = 0;
    for (int next = 0; next < count && r == 0;) {
        CLEANUP(text_release) struct text text = {0};
        while (next < count && text.size < LOGS_MESSAGE_MAX)
            log_file_add(&text, &events[next++]);
        pthread_mutex_lock(&logs->lock);
        r = append(logs, group, &text, err);
        pthread_mutex_unlock(&logs->lock);
    }
    return r;
}

/* --- groups --- */

int logs_create(struct logs *logs, const char *group, struct error *err)
{
    char folder[PATH_MAX];
    if (!function_name_valid(group))
        return error_set(err, ERROR_BAD_REQUEST,
                         "log groups are called '" LOGS_GROUP_PREFIX "FUNCTION' here");
    if (log_folder(logs, group, folder, err) < 0)
        return -1;
    if (mkdir(logs->folder, 0700) < 0 && errno != EEXIST)
        return error_set(err, ERROR_BUG, "cannot make '%s': %s", logs->folder, strerror(errno));
    if (mkdir(folder, 0700) == 0)
        return 0;
    if (errno == EEXIST)
        return error_set(err, ERROR_CONFLICT,
                         "there is a log group '" LOGS_GROUP_PREFIX "%s' already", group);
    return error_set(err, ERROR_BUG, "cannot make '%s': %s", folder, strerror(errno));
}

static int remove_group(struct logs *logs, const char *group, struct error *err)
{
    char folder[PATH_MAX];
    CLEANUP(free_pointer) int *numbers = NULL;
    int count;
    if (log_folder(logs, group, folder, err) < 0)
        return -1;
    if (log_file_list(folder, &numbers, &count, err) < 0)
        return err->kind == ERROR_NOT_FOUND
                   ? error_set(err, ERROR_NOT_FOUND,
                               "there is no log group '" LOGS_GROUP_PREFIX "%s'", group)
                   : -1;
    if (count && keep_number(logs, numbers[count - 1], err) < 0)
        return -1;
    for (struct writer **link = &logs->writers; *link; link = &(*link)->next)
        if (strcmp((*link)->group, group) == 0) {
            close_writer(logs, link);
            break;
        }
    if (remove_files(folder, numbers, count, err) < 0)
        return -1;
    if (rmdir(folder) < 0)
        return error_set(err, ERROR_BUG, "cannot remove '%s': %s", folder, strerror(errno));
    return 0;
}

int logs_delete(struct logs *logs, const char *group, struct error *err)
{
    pthread_mutex_lock(&logs->lock);
    int r = remove_group(logs, group, err);
    pthread_mutex_unlock(&logs->lock);
    return r;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct log_group *)a)->name, ((const struct log_group *)b)->name);
}

static int read_group(const char *folder, struct log_group *group, struct error *err)
{
    char path[PATH_MAX + LOG_FILE_NAME_SIZE], name[LOG_FILE_NAME_SIZE];
    CLEANUP(free_pointer) int *numbers = NULL;
    int count;
    struct stat st;
    if (stat(folder, &st) == 0)
        group->created_us = (int64_t)st.st_mtim.tv_sec * 1000000;
    if (log_file_list(folder, &numbers, &count, err) < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, log_file_name(numbers[i], name));
        if (stat(path, &st) == 0)
            group->bytes += st.st_size;
        long long at_ms;
        FILE *file = i == 0 ? fopen(path, "re") : NULL;
        if (file && fscanf(file, "%lld", &at_ms) == 1)
            group->created_us = at_ms * 1000;
        if (file)
            fclose(file);
    }
    return 0;
}

/* The names of its groups, one after the other, each with its NUL. */
static int list_names(const struct logs *logs, const char *prefix, struct text *names, int *ret,
                      struct error *err)
{
    int count = 0;
    DIR *dir = opendir(logs->folder);
    if (!dir && errno != ENOENT)
        return error_set(err, ERROR_BUG, "cannot read '%s': %s", logs->folder, strerror(errno));
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (function_name_valid(entry->d_name) &&
            strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
            text_append(names, entry->d_name, strlen(entry->d_name) + 1);
            count++;
        }
    if (dir)
        closedir(dir);
    *ret = count;
    return 0;
}

int logs_groups(struct logs *logs, const char *prefix, struct arena *arena, struct log_group **ret,
                int *ret_count, struct error *err)
{
    CLEANUP(text_release) struct text names = {0};
    int found, count = 0;
    if (list_names(logs, prefix, &names, &found, err) < 0)
        return -1;
    struct log_group *groups = ARENA_ARRAY(arena, struct log_group, found + 1);
    const char *name = names.data;
    for (int i = 0; i < found; i++, name += strlen(name) + 1) {
        char folder[PATH_MAX];
        groups[count].name = arena_strdup(arena, name);
        if (log_folder(logs, name, folder, err) == 0 &&
            read_group(folder, &groups[count], err) == 0)
            count++;
        else if (err->kind != ERROR_NOT_FOUND) // deleted meanwhile, or no folder
            return -1;
    }
    qsort(groups, (size_t)count, sizeof(*groups), by_name);
    *ret = groups;
    *ret_count = count;
    return 0;
}
