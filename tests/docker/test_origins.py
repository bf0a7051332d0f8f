"""The line that opened a leaked descriptor: the one marked HERE, however the number was used before and after."""

import pytest
from workshop import Workshop

from grader.observe.source import Source

SOURCES = {
    "opened": """
        int main(void) {
            must(open("/etc/passwd", O_RDONLY)); // HERE
            return 0;
        }""",
    "vfork_child_redirects": """
        int main(void) {
            must(open("/etc/passwd", O_RDONLY)); // HERE
            int out = must(open("/dev/null", O_WRONLY | O_CLOEXEC));
            pid_t child = vfork();
            if (child == 0) {
                dup2(out, 1);
                execl("/bin/true", "true", (char *)NULL);
                _exit(127);
            }
            must(waitpid(child, NULL, 0));
            close(out);
            close(3);
            return 0;
        }""",
    "parent_opens_another_meanwhile": """
        int main(void) {
            must(open("/etc/passwd", O_RDONLY)); // HERE
            pid_t child = vfork();
            if (child == 0) {
                execl("/bin/true", "true", (char *)NULL);
                _exit(127);
            }
            close(3);
            close(must(open("/etc/hosts", O_RDONLY)));
            must(waitpid(child, NULL, 0));
            return 0;
        }""",
    "pidfd": """
        int main(void) {
            close(must(open("/etc/hosts", O_RDONLY)));
            must(syscall(SYS_pidfd_open, getpid(), 0)); // HERE
            return 0;
        }""",
    "message_queue": """
        int main(void) {
            close(must(open("/etc/hosts", O_RDONLY)));
            must(mq_open("/q", O_CREAT | O_RDWR, 0600, NULL)); // HERE
            must(mq_unlink("/q"));
            return 0;
        }""",
    "came_by_message": """
        int main(void) {
            int pair[2];
            must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
            int sent = must(open("/etc/passwd", O_RDONLY));
            char byte = 'x', control[CMSG_SPACE(sizeof(int))] = {0};
            struct iovec part = {&byte, 1};
            struct msghdr message = {
                .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
            struct cmsghdr *header = CMSG_FIRSTHDR(&message);
            *header = (struct cmsghdr){
                .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
            memcpy(CMSG_DATA(header), &sent, sizeof(int));
            must(sendmsg(pair[0], &message, 0));
            close(sent);
            must(recvmsg(pair[1], &message, 0)); // HERE
            close(pair[0]);
            close(pair[1]);
            return 0;
        }""",
    "new_name_each_time": """
        int main(void) {
            char name[] = "/tmp/job-XXXXXX";
            must(mkstemp(name)); // HERE
            return 0;
        }""",
    "number_used_again_after_exec": """
        int main(int argc, char **argv) {
            if (argc > 1) {
                close(3);
                close(must(open("/etc/hosts", O_RDONLY)));
                return 0;
            }
            must(open("/etc/passwd", O_RDONLY)); // HERE
            execl("/proc/self/exe", argv[0], "again", (char *)NULL);
            return 1;
        }""",
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_leak_is_told_with_the_line_that_opened_it(workshop: Workshop, name: str) -> None:
    program = workshop.kept_program(SOURCES[name], name)
    located = program.locate(program.run().all_findings)
    line = SOURCES[name].partition("// HERE")[0].count("\n") + 1
    assert [finding.source for finding in located] == [Source(file="program.c", line=line)]
