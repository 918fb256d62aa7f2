/* SPDX-License-Identifier: Apache-2.0 */
/* mediaconvert-local-media, which mediaconvert-local executes for what needs FFmpeg. */
#include <malloc.h>
#include <stdio.h>

#include <libavcodec/avcodec.h>
#include <libavutil/avutil.h>
#include <libavutil/log.h>

#include "cli/command.h"

#define LOCAL(name)                              NULL
#define MEDIA(name)                              name##_main
#define COMMAND(name, operand, summary, program) program(name),

static command_main *const mains[] = {
#include "cli/commands.def"
};

int main(int argc, char **argv)
{
    char version[128];
    snprintf(version, sizeof(version), "mediaconvert-local-media %s, FFmpeg %s (%s)", VERSION,
             av_version_info(), avcodec_license());
    // Tables that grow with the media (the MP4 index) move without leaving holes when they are
    // mapped; and many threads with a heap of their own each would keep what others could use.
    mallopt(M_MMAP_THRESHOLD, 512 * 1024);
    mallopt(M_ARENA_MAX, 2);
    av_log_set_level(AV_LOG_QUIET); // what a person must know comes back as an error or an info
    return command_dispatch(mains, version, argc, argv);
}
