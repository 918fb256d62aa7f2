/* SPDX-License-Identifier: Apache-2.0 */
#include "base/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int program_media_path(char path[PATH_MAX], struct error *err)
{
    static const char below[] = "/libexec/mediaconvert-local-media";
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length < 0)
        return error_set(err, ERROR_BUG, "cannot tell where mediaconvert-local-media is: %s",
                         strerror(errno));
    path[length] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = '\0';
    }
    size_t used = strlen(path);
    if (used + sizeof(below) > PATH_MAX)
        return error_set(err, ERROR_BUG, "the path of mediaconvert-local-media is too long");
    memcpy(path + used, below, sizeof(below));
    return 0;
}
