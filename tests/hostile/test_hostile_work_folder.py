"""Programs that spoil the work folder while their check goes on: the check fails, and there is a verdict."""

import pytest
from hostile_course import Course, by_id, verdict

PRELUDE = '#include "prelude.h"\n#include <elf.h>\n'
REPLACES_ITSELF = (
    PRELUDE
    + """
static char program[1 << 20];
int main(void)
{
    int file = must(open("hostile", O_RDONLY));
    ssize_t size = read(file, program, sizeof program);
    Elf64_Ehdr *header = (void *)program;
    Elf64_Phdr *segments = (void *)(program + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_INTERP)
            segments[i].p_offset = 1 << 30; /* beyond the file: EIO */
    file = must(open("other", O_CREAT | O_WRONLY, 0755));
    must((int)write(file, program, (size_t)size));
    must(close(file));
    return must(rename("other", "hostile"));
}
"""
)
IS_IN_THE_WAY = (
    PRELUDE
    + """
int main(void)
{
    must(open("letter", O_CREAT | O_WRONLY, 0600));
    say("ready");
    return pause();
}
"""
)
LINKS_ITS_FOLDERS = (
    PRELUDE
    + """
int main(void)
{
    must(symlink("/stage", "to_stage"));
    return must(symlink("/proc/self", "to_agent"));
}
"""
)
MAKES_MANY_NAMES = (
    PRELUDE
    + """
int main(void)
{
    char name[256] = "";
    memset(name, 0xff, 255);
    for (int i = 0; i < 30000; i++) {
        memcpy(name, (char[6]){ i / 10000 + '0', i / 1000 % 10 + '0', i / 100 % 10 + '0', i / 10 % 10 + '0',
                                i % 10 + '0' }, 5);
        if (open(name, O_CREAT | O_WRONLY, 0600) < 0 || close(3) < 0)
            break;
    }
    return 0;
}
"""
)

RUNS_TWICE = """\
    program.run()
    program.run()
"""
LISTS_AFTERWARDS = """\
    program.run()
    workdir.names()
"""
WRITES_INTO_A_FOLDER = """\
    program.run()
    workdir.write("to_stage/letter", b"x")
"""
READS_FROM_A_FOLDER = """\
    program.run()
    workdir.read("to_agent/maps")
"""
WRITES_MEANWHILE = """\
    with program.start() as process:
        process.expect(b"ready")
        workdir.write("letter", b"x")
"""

AFTERWARDS = """\
def test_after_attack(program, workdir):
    assert len(workdir.names()) == 4
    program.run()
"""


@pytest.mark.parametrize(
    ("source", "body"),
    [
        pytest.param(REPLACES_ITSELF, RUNS_TWICE, id="replaces itself by what cannot be started"),
        pytest.param(MAKES_MANY_NAMES, LISTS_AFTERWARDS, id="makes more names than can be told"),
        pytest.param(LINKS_ITS_FOLDERS, WRITES_INTO_A_FOLDER, id="has its files written elsewhere"),
        pytest.param(LINKS_ITS_FOLDERS, READS_FROM_A_FOLDER, id="has files read elsewhere"),
        pytest.param(IS_IN_THE_WAY, WRITES_MEANWHILE, id="is in the way of a file"),
    ],
)
def test_what_a_program_does_to_its_folder_is_its_own_fault(course: Course, source: str, body: str) -> None:
    (course.folder / "checks" / "test_hostile.py").write_text(
        f"def test_attack(program, workdir):\n{body}\n\n{AFTERWARDS}"
    )
    checks = by_id(course.grade(course.hand_in(source)))
    assert verdict(checks["attack"]) == "assertion"
    assert verdict(checks["after_attack"]) == "passed"
