/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an input: opened and probed, planned for, its first packets read. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>

#include <cjson/cJSON.h>
#include <libavutil/log.h>

#include "plan/media.h"
#include "plan/plan.h"
#include "s3/file.h"

enum { PACKETS = 100 };

/* One size that is given, one that follows the input's shape, one that is the input's. */
static const char job_text[] =
    "{\"inputs\":[{\"fileInput\":\"s3://in/a\",\"videoSelector\":{\"rotate\":\"AUTO\"},"
    "\"audioSelectors\":{\"Audio Selector 1\":{\"defaultSelection\":\"DEFAULT\"}}}],"
    "\"outputGroups\":[{\"outputGroupSettings\":{\"type\":\"FILE_GROUP_SETTINGS\","
    "\"fileGroupSettings\":{\"destination\":\"s3://out/\"}},\"outputs\":["
    "{\"nameModifier\":\"_$w$\",\"containerSettings\":{\"container\":\"MP4\"},"
    "\"videoDescription\":{\"width\":640,\"height\":360,\"codecSettings\":{\"codec\":\"H_264\","
    "\"h264Settings\":{\"rateControlMode\":\"QVBR\",\"maxBitrate\":1500000}}},"
    "\"audioDescriptions\":[{\"codecSettings\":{\"codec\":\"AAC\",\"aacSettings\":{\"bitrate\":"
    "96000,\"codingMode\":\"CODING_MODE_2_0\",\"sampleRate\":48000}}}]},"
    "{\"nameModifier\":\"_a\",\"containerSettings\":{\"container\":\"MP4\"},"
    "\"videoDescription\":{\"width\":320,\"codecSettings\":{\"codec\":\"H_264\","
    "\"h264Settings\":{\"rateControlMode\":\"QVBR\",\"maxBitrate\":1500000}}}},"
    "{\"nameModifier\":\"_b\",\"containerSettings\":{\"container\":\"MP4\"},"
    "\"videoDescription\":{\"scalingBehavior\":\"FILL\",\"codecSettings\":{\"codec\":\"H_264\","
    "\"h264Settings\":{\"rateControlMode\":\"QVBR\",\"maxBitrate\":1500000}}}}]}]}";

static void print(struct arena *arena, const struct probe *probe)
{
    CLEANUP(text_release) struct text out = {0};
    struct findings findings;
    struct plan *plan;
    struct error err;
    probe_print(probe, &out);
    cJSON_Delete(probe_to_json(probe));

    findings_init(&findings, arena);
    struct json *root = job_read(arena, job_text, strlen(job_text), &findings);
    const struct job *job = root ? job_new(arena, root, 0, &findings) : NULL;
    if (!job)
        abort();
    if (plan_for_job(arena, job, probe, &(struct plan_options){.threads = 2}, &plan, &err) < 0)
        return;
    plan_print(plan, &out);
    cJSON_Delete(plan_to_json(plan));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(media_close) struct media *media = NULL;
    CLEANUP(av_packet_free) AVPacket *packet = av_packet_alloc();
    CLEANUP(file_close) int fd = memfd_create("input", MFD_CLOEXEC);
    struct probe *probe;
    struct error err;
    char uri[64];
    av_log_set_level(AV_LOG_QUIET);
    snprintf(uri, sizeof(uri), "file:///proc/self/fd/%d", fd);
    if (file_write_at(fd, 0, data, size) < 0 ||
        media_open(&media, NULL, uri, NULL, arena, &probe, &err) < 0)
        return 0;

    print(arena, probe);
    for (int i = 0; i < PACKETS && media_read(media, packet, &err) > 0; i++)
        av_packet_unref(packet);
    return 0;
}
