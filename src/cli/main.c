/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mediaconvert-local, the program that people know. It links no FFmpeg, so it starts at once; the
 * commands that open media it leaves to mediaconvert-local-media, which takes its place.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/program.h"
#include "cli/command.h"

/* Becomes the other program, with the same words on its command line. */
static int media_main(int argc, char **argv)
{
    char path[PATH_MAX], text[1024];
    struct error err;
    char **words = calloc((size_t)argc + 2, sizeof(*words));
    if (!words || program_media_path(path, &err) < 0) {
        fprintf(stderr, "mediaconvert-local: %s\n",
                words ? error_text(&err, text, sizeof(text)) : "out of memory");
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
