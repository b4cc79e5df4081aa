#include "builder/scripts/sandbox_filter.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apk/support/error.h"

// System calls that are newer than the C library's headers; all architectures number them alike.
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

namespace tarn::builder {
namespace {

using Program = std::vector<sock_filter>;
using Numbers = std::span<const std::uint32_t>;

/// A call that changes or tells owners, and how its arguments stand.
struct OwnerCallNumber {
  enum class Form { path, link, file, at, stat_path, stat_link, stat_file, stat_at, statx };
  std::uint32_t number;
  Form form;
  bool narrow = false;  ///< ids have 16 bits
};

/// The calls of one architecture by what becomes of them.
struct CallTable {
  std::uint32_t architecture;
  Numbers refused;  ///< EPERM
  Numbers absent;   ///< ENOSYS, so that callers do without
  std::span<const OwnerCallNumber> owners;
  std::uint32_t clone;
  std::uint32_t socket;
  std::uint32_t ioctl;
};

constexpr std::uint32_t common_refused[] = {
    425, 426, 427,                 // io_uring
    428, 429, 430, 431, 432, 433,  // open_tree, move_mount, fsopen, fsconfig, fsmount, fspick
    438, 440,                      // pidfd_getfd, process_madvise
    442, 443,                      // mount_setattr, quotactl_fd
    457, 458,                      // statmount, listmount
    467,                           // open_tree_attr
};
constexpr std::uint32_t common_absent[] = {
    435,               // clone3: its flags lie in memory, out of reach; clone does
    SYS_memfd_secret,  // memory that no limit counts
};

constexpr std::uint32_t native_refused[] = {
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_setns,
    SYS_unshare,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_fanotify_init,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_acct,
    SYS_quotactl,
    SYS_syslog,
    SYS_vhangup,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_lookup_dcookie,
#ifdef SYS_move_pages
    SYS_move_pages,
    SYS_migrate_pages,
    SYS_mbind,
    SYS_set_mempolicy,
#endif
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_iopl
    SYS_iopl,
    SYS_ioperm,
#endif
#ifdef SYS_uselib
    SYS_uselib,
#endif
#ifdef SYS_nfsservctl
    SYS_nfsservctl,
#endif
#ifdef SYS_modify_ldt
    SYS_modify_ldt,
#endif
};
constexpr std::uint32_t native_absent[] = {
    SYS_memfd_create,
#ifdef SYS_shmget
    SYS_shmget,       SYS_shmat, SYS_msgget, SYS_semget,
#endif
#ifdef SYS_ipc
    SYS_ipc,
#endif
#ifdef SYS_socketcall
    SYS_socketcall,
#endif
};
using Form = OwnerCallNumber::Form;
constexpr OwnerCallNumber native_owners[] = {
    {SYS_fchown, Form::file},        {SYS_fchownat, Form::at},     {SYS_statx, Form::statx},
#ifdef SYS_newfstatat
    {SYS_newfstatat, Form::stat_at}, {SYS_fstat, Form::stat_file},
#endif
#if defined(SYS_stat) && defined(SYS_newfstatat)
    {SYS_stat, Form::stat_path},     {SYS_lstat, Form::stat_link},
#endif
#ifdef SYS_chown
    {SYS_chown, Form::path},         {SYS_lchown, Form::link},
#endif
#ifdef SYS_chown32
    {SYS_chown32, Form::path},       {SYS_lchown32, Form::link},   {SYS_fchown32, Form::file},
#endif
};

constexpr std::uint32_t native_architecture =
#if defined(__x86_64__)
    AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
    AUDIT_ARCH_AARCH64;
#elif defined(__i386__)
    AUDIT_ARCH_I386;
#elif defined(__arm__)
    AUDIT_ARCH_ARM;
#elif defined(__powerpc64__)
    AUDIT_ARCH_PPC64LE;
#elif defined(__riscv)
    AUDIT_ARCH_RISCV64;
#elif defined(__s390x__)
    AUDIT_ARCH_S390X;
#elif defined(__loongarch64)
    AUDIT_ARCH_LOONGARCH64;
#else
#error "this architecture's system calls are not known"
#endif

#if defined(__x86_64__)
// i386
constexpr std::uint32_t other_refused[] = {
    21,  22,  52,        // mount, umount, umount2
    217, 346, 310, 26,   // pivot_root, setns, unshare, ptrace
    347, 348, 349,       // process_vm_readv, process_vm_writev, kcmp
    288, 286, 287,       // keyctl, add_key, request_key
    357, 336, 374,       // bpf, perf_event_open, userfaultfd
    283, 128, 350, 129,  // kexec_load, init_module, finit_module, delete_module
    127, 342, 341, 338,  // create_module, open_by_handle_at, name_to_handle_at, fanotify_init
    88,  87,  115,       // reboot, swapon, swapoff
    25,  79,  264, 404,  // stime, settimeofday, clock_settime, clock_settime64
    343, 405, 124,       // clock_adjtime, clock_adjtime64, adjtimex
    51,  131, 103, 111,  // acct, quotactl, syslog, vhangup
    74,  121, 253,       // sethostname, setdomainname, lookup_dcookie
    317, 294, 274, 276,  // move_pages, migrate_pages, mbind, set_mempolicy
    110, 101, 86,  169,  // iopl, ioperm, uselib, nfsservctl
    113, 166, 123,       // vm86old, vm86, modify_ldt
};
constexpr std::uint32_t other_absent[] = {
    356,                      // memfd_create
    117, 393, 395, 397, 399,  // ipc, semget, shmget, shmat, msgget
};
constexpr OwnerCallNumber other_owners[] = {
    {182, Form::path, true}, {95, Form::file, true}, {16, Form::link, true},  // the old calls
    {212, Form::path},       {207, Form::file},      {198, Form::link},       // with 32 bit ids
    {298, Form::at},         {383, Form::statx},                              // fchownat, statx
};
constexpr CallTable other_calls = {
    AUDIT_ARCH_I386, other_refused, other_absent, other_owners, 120, 359, 54};
constexpr std::uint32_t other_socketcall = 102;
#elif defined(__aarch64__)
// arm, EABI
constexpr std::uint32_t other_refused[] = {
    21,  52,                  // mount, umount2
    218, 375, 337, 26,        // pivot_root, setns, unshare, ptrace
    376, 377, 378,            // process_vm_readv, process_vm_writev, kcmp
    311, 309, 310,            // keyctl, add_key, request_key
    386, 364, 388,            // bpf, perf_event_open, userfaultfd
    347, 401, 128, 379, 129,  // kexec_load, kexec_file_load, init_, finit_, delete_module
    371, 370, 367,            // open_by_handle_at, name_to_handle_at, fanotify_init
    88,  87,  115,            // reboot, swapon, swapoff
    79,  262, 404,            // settimeofday, clock_settime, clock_settime64
    372, 405, 124,            // clock_adjtime, clock_adjtime64, adjtimex
    51,  131, 103, 111,       // acct, quotactl, syslog, vhangup
    74,  121, 249,            // sethostname, setdomainname, lookup_dcookie
    344, 400, 319, 321,       // move_pages, migrate_pages, mbind, set_mempolicy
    86,  169,                 // uselib, nfsservctl
};
constexpr std::uint32_t other_absent[] = {
    385,                      // memfd_create
    117, 299, 307, 305, 303,  // ipc, semget, shmget, shmat, msgget
};
constexpr OwnerCallNumber other_owners[] = {
    {182, Form::path, true}, {95, Form::file, true}, {16, Form::link, true},  // the old calls
    {212, Form::path},       {207, Form::file},      {198, Form::link},       // with 32 bit ids
    {325, Form::at},         {397, Form::statx},                              // fchownat, statx
};
constexpr CallTable other_calls = {
    AUDIT_ARCH_ARM, other_refused, other_absent, other_owners, 120, 281, 54};
constexpr std::uint32_t other_socketcall = 102;
#endif

/// Numbers of the x32 calls begin here; they have the 64 bit architecture's mark.
constexpr std::uint32_t x32_bit = 0x40000000;

constexpr std::uint32_t fail_with(int error) {
  return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(error) & SECCOMP_RET_DATA);
}

void load(Program& program, std::size_t offset) {
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
}

void answer(Program& program, std::uint32_t action) {
  program.push_back(BPF_STMT(BPF_RET | BPF_K, action));
}

/// `action` where what is loaded compares so with `value`.
void answer_if(Program& program, std::uint16_t comparison, std::uint32_t value,
               std::uint32_t action) {
  program.push_back(
      BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), value, 0, 1));
  answer(program, action);
}

void answer_all(Program& program, Numbers numbers, std::uint32_t action) {
  for (const std::uint32_t number : numbers) answer_if(program, BPF_JEQ, number, action);
}

/// The low half of an argument.
constexpr std::size_t argument(std::size_t number) {
  std::size_t offset = offsetof(seccomp_data, args) + number * sizeof(std::uint64_t);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  offset += sizeof(std::uint32_t);
#endif
  return offset;
}

/// What is done with one call by its arguments.
void examine(Program& program, std::uint32_t number, const Program& steps) {
  program.push_back(
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, static_cast<std::uint8_t>(steps.size())));
  program.insert(program.end(), steps.begin(), steps.end());
}

Program clone_steps() {
  constexpr std::uint32_t namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                       CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  Program steps;
#if defined(__s390x__)
  load(steps, argument(1));
#else
  load(steps, argument(0));
#endif
  answer_if(steps, BPF_JSET, namespaces, fail_with(EPERM));
  answer(steps, SECCOMP_RET_ALLOW);
  return steps;
}

Program socket_steps() {
  Program steps;
  load(steps, argument(0));
  for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
    answer_if(steps, BPF_JEQ, static_cast<std::uint32_t>(family), SECCOMP_RET_ALLOW);
  }
  answer(steps, fail_with(EAFNOSUPPORT));
  return steps;
}

Program ioctl_steps() {
  constexpr std::uint32_t push_input = 0x5412;       // TIOCSTI
  constexpr std::uint32_t console_special = 0x541c;  // TIOCLINUX
  Program steps;
  load(steps, argument(1));
  answer_if(steps, BPF_JEQ, push_input, fail_with(EPERM));
  answer_if(steps, BPF_JEQ, console_special, fail_with(EPERM));
  answer(steps, SECCOMP_RET_ALLOW);
  return steps;
}

/// All for one architecture; ends with an answer.
Program calls_of(const CallTable& table, Ownership ownership) {
  Program program;
  load(program, offsetof(seccomp_data, nr));
  answer_all(program, table.refused, fail_with(EPERM));
  answer_all(program, common_refused, fail_with(EPERM));
  answer_all(program, table.absent, fail_with(ENOSYS));
  answer_all(program, common_absent, fail_with(ENOSYS));
  if (ownership == Ownership::supervised) {
    for (const OwnerCallNumber& call : table.owners) {
      answer_if(program, BPF_JEQ, call.number, SECCOMP_RET_USER_NOTIF);
    }
  }
  examine(program, table.clone, clone_steps());
  examine(program, table.socket, socket_steps());
  examine(program, table.ioctl, ioctl_steps());
  answer(program, SECCOMP_RET_ALLOW);
  return program;
}

/// Goes over `steps` unless the loaded architecture is theirs. Their size is beyond the reach of a
/// conditional jump.
void examine_architecture(Program& program, std::uint32_t architecture, const Program& steps) {
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(steps.size()), 0, 0));
  program.insert(program.end(), steps.begin(), steps.end());
}

constexpr CallTable native_calls = {
    native_architecture, native_refused, native_absent, native_owners,
    SYS_clone,           SYS_socket,     SYS_ioctl};

std::optional<std::uint32_t> id_of(std::uint64_t argument, bool narrow) {
  const auto id = static_cast<std::uint32_t>(argument & (narrow ? 0xffffU : 0xffffffffU));
  if (id == (narrow ? 0xffffU : 0xffffffffU)) return std::nullopt;
  return id;
}

OwnerCall decode(const seccomp_data& call, const OwnerCallNumber& known) {
  const auto& arguments = call.args;
  OwnerCall owner;
  owner.folder = AT_FDCWD;
  std::size_t next = 0;
  const bool is_file = known.form == Form::file || known.form == Form::stat_file;
  const bool is_at =
      known.form == Form::at || known.form == Form::stat_at || known.form == Form::statx;
  if (is_file || is_at) owner.folder = static_cast<int>(arguments[next++]);
  if (!is_file) owner.path = arguments[next++];
  owner.follow = known.form != Form::link && known.form != Form::stat_link;
  const auto take_flags = [&] { owner.follow = (arguments[next++] & AT_SYMLINK_NOFOLLOW) == 0; };
  switch (known.form) {
    case Form::statx:
      owner.kind = OwnerCall::Kind::statx;
      take_flags();
      owner.mask = static_cast<std::uint32_t>(arguments[next++]);
      owner.result = arguments[next];
      break;
    case Form::stat_path:
    case Form::stat_link:
    case Form::stat_file:
    case Form::stat_at:
      owner.kind = OwnerCall::Kind::stat;
      owner.result = arguments[next++];
      if (is_at) take_flags();
      break;
    default:
      owner.uid = id_of(arguments[next++], known.narrow);
      owner.gid = id_of(arguments[next++], known.narrow);
      if (is_at) take_flags();
  }
  return owner;
}

}  // namespace

std::vector<sock_filter> script_filter(Ownership ownership) {
  Program program;
  load(program, offsetof(seccomp_data, arch));
  Program steps = calls_of(native_calls, ownership);
#if defined(__x86_64__)
  Program with_x32;
  load(with_x32, offsetof(seccomp_data, nr));
  answer_if(with_x32, BPF_JGE, x32_bit, fail_with(ENOSYS));
  steps.insert(steps.begin(), with_x32.begin(), with_x32.end());
#endif
  examine_architecture(program, native_calls.architecture, steps);
#if defined(__x86_64__) || defined(__aarch64__)
  Program other;
  load(other, offsetof(seccomp_data, nr));
  // C libraries take this for the answer that there are no sockets.
  answer_if(other, BPF_JEQ, other_socketcall, fail_with(EAFNOSUPPORT));
  const Program rest = calls_of(other_calls, ownership);
  other.insert(other.end(), rest.begin(), rest.end());
  examine_architecture(program, other_calls.architecture, other);
#endif
  answer(program, fail_with(ENOSYS));
  return program;
}

std::optional<OwnerCall> decode_owner_call(const seccomp_data& call) {
  const CallTable* table = &native_calls;
#if defined(__x86_64__) || defined(__aarch64__)
  if (call.arch == other_calls.architecture) table = &other_calls;
#endif
  for (const OwnerCallNumber& known : table->owners) {
    if (static_cast<std::uint32_t>(call.nr) == known.number) return decode(call, known);
  }
  return std::nullopt;
}

FileDescriptor install_filter(std::vector<sock_filter>& filter, Ownership ownership) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  const unsigned long flags =
      ownership == Ownership::supervised ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (result < 0) throw system_error("seccomp", errno);
  return FileDescriptor(ownership == Ownership::supervised ? static_cast<int>(result) : -1);
}

}  // namespace tarn::builder
