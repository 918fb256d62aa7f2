/* SPDX-License-Identifier: Apache-2.0 */
#include "base/newborn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

void newborn_begin(pid_t parent)
{
    struct sigaction normal = {.sa_handler = SIG_DFL};
    sigset_t none;
    sigemptyset(&none);
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, &normal, NULL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); // it died before that
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void newborn_limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
        return;
    if (hard > now.rlim_max)
        hard = now.rlim_max;
    struct rlimit then = {.rlim_cur = soft < hard ? soft : hard, .rlim_max = hard};
    setrlimit((__rlimit_resource_t)resource, &then);
}

void newborn_goes_first(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    if (fd >= 0) {
        (void)!write(fd, "500", 3);
        close(fd);
    }
}
