/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mediaconvert-local, the program that people know. It links no FFmpeg, so it starts at once; the
 * commands that open media it leaves to mediaconvert-local-media, which takes its place.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

/* Writes the path of ../libexec/mediaconvert-local-media, seen from this program's file. */
static int find_media_program(char path[PATH_MAX])
{
    static const char below[] = "libexec/mediaconvert-local-media";
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length < 0)
        return -1;
    path[length] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(path, '/');
        if (!slash)
            return -1;
        *slash = '\0';
    }
    size_t used = strlen(path);
    return snprintf(path + used, PATH_MAX - used, "/%s", below) < (int)(PATH_MAX - used) ? 0 : -1;
}

/* Becomes the other program, with the same words on its command line. */
static int media_main(int argc, char **argv)
{
    char path[PATH_MAX];
    char **words = calloc((size_t)argc + 2, sizeof(*words));
    if (!words || find_media_program(path) < 0) {
        fputs("mediaconvert-local: cannot tell where mediaconvert-local-media is\n", stderr);
        free(words);
        return EXIT_FAILED;
    }
    words[0] = path;
    memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
    execv(path, words);
    fprintf(stderr, "mediaconvert-local: cannot execute '%s': %s\n", path, strerror(errno));
    free(words);
    return EXIT_FAILED;
}

#define LOCAL(name)                              name##_main
#define MEDIA(name)                              media_main
#define COMMAND(name, operand, summary, program) program(name),

static command_main *const mains[] = {
#include "cli/commands.def"
};

int main(int argc, char **argv)
{
    return command_dispatch(mains, "mediaconvert-local " VERSION, argc, argv);
}
