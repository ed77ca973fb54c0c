"""Each way in which backups fail elsewhere: what proves that it cannot happen here.

For each of them `GUARDED` names tests that are green because of a guard, and `HARM` those that take
the guard away and see the harm done, or the next guard stop it.
"""

import ast

import pytest

from wifiapp.config import ROOT

BACKUP = "tests/backup/"
FAULTS = "tests/backup/faults/"
GUARDS = f"{FAULTS}test_guards.py::test_"
AROUND = f"{FAULTS}test_guards_around.py::test_"

GUARDED = {
    "a model without its table or column, found one at a time": [
        "tests/doctor/test_checkup.py::test_all_damages_at_once_are_all_named_at_once_and_mended_in_one_go",
        "tests/system/test_broken_state.py::test_a_backup_is_refused_with_the_same_list_and_leaves_no_file",
        f"{BACKUP}test_operations.py::test_a_sick_schema_makes_no_row_and_no_file_and_names_every_gap",
    ],
    "a table or column that backup forgets": [
        f"{BACKUP}test_engine_create.py::test_every_table_travels_but_those_that_say_why_not",
        f"{BACKUP}test_archive.py::test_a_manifest_without_a_table_that_its_revision_has_is_refused",
    ],
    "not one moment in time": [
        f"{FAULTS}test_concurrency.py::test_parents_and_children_agree_in_an_archive_made_while_the_shop_sells",
        f"{BACKUP}test_engine_create.py::test_rows_that_come_during_the_backup_are_not_in_it",
    ],
    "memory that grows with the data": [
        f"{FAULTS}test_memory.py::test_create_verify_and_restore_take_as_much_memory_for_fifteen_times_the_rows",
    ],
    "values that change on the way": [
        f"{BACKUP}test_properties.py::test_random_rows_of_every_table_come_back_equal",
        f"{BACKUP}test_restore.py::test_other_values_than_the_digest_knows_are_found",
    ],
    "a restore that merges, skips or half-applies": [
        f"{BACKUP}test_restore.py::test_what_was_added_changed_or_deleted_since_is_as_it_was",
        f"{BACKUP}test_restore.py::test_a_refused_row_is_named_with_its_line_and_refuses_all",
        f"{FAULTS}test_kills.py::test_a_swap_killed_at_any_moment_is_whole_or_did_not_happen",
        f"{FAULTS}test_database_stops.py::test_a_swap_without_its_database_did_not_happen",
    ],
    "an older or a newer archive": [
        f"{BACKUP}test_older_archives.py::test_an_archive_of_this_revision_comes_back_with_every_row",
        f"{BACKUP}test_older_archives.py::test_an_app_that_does_not_know_a_revision_names_both_and_changes_nothing",
        f"{BACKUP}test_restores.py::test_a_newer_archive_is_refused_at_once_with_both_revisions",
    ],
    "success that is none": [
        f"{BACKUP}test_restore.py::test_other_values_than_the_digest_knows_are_found",
        f"{BACKUP}test_restore.py::test_a_row_without_the_row_it_points_to_is_refused",
        f"{BACKUP}test_operations.py::test_an_archive_damaged_before_its_proof_is_thrown_away_and_says_why",
    ],
    "a cut, damaged or hostile file": [
        f"{BACKUP}test_archive.py::test_a_file_cut_short_is_refused",
        f"{BACKUP}test_archive.py::test_one_wrong_bit_anywhere_in_the_rows_is_found",
        f"{BACKUP}test_archive.py::test_a_member_that_does_not_belong_is_named",
        f"{BACKUP}test_archive.py::test_a_missing_member_is_named",
        f"{BACKUP}test_archive.py::test_a_member_that_stands_twice_is_refused",
        f"{BACKUP}test_archive.py::test_members_that_share_their_bytes_are_refused",
        f"{BACKUP}test_archive.py::test_a_member_longer_than_announced_is_refused",
        f"{BACKUP}test_archive.py::test_a_bomb_is_refused_before_it_goes_off",
        f"{BACKUP}test_archive.py::test_a_manifest_of_another_program_or_of_nonsense_is_refused",
        f"{BACKUP}test_archive.py::test_a_manifest_that_names_other_columns_than_its_revision_has_is_refused",
        f"{FAULTS}test_tampering.py::test_a_member_under_another_name_is_refused",
    ],
    "killed, disk full, connection lost": [
        f"{FAULTS}test_kills.py::test_a_backup_killed_at_any_moment_leaves_nothing_or_a_good_one",
        f"{FAULTS}test_kills.py::test_a_kill_between_the_file_and_its_row_leaves_no_file_that_nobody_knows",
        f"{FAULTS}test_kills.py::test_a_proof_killed_at_any_moment_changes_nothing",
        f"{FAULTS}test_kills.py::test_a_restore_killed_at_any_moment_before_the_swap_did_not_happen",
        f"{FAULTS}test_kills.py::test_an_undo_killed_at_any_moment_is_whole_or_did_not_happen",
        f"{FAULTS}test_kills.py::test_a_worker_killed_at_any_moment_leaves_a_failed_row_or_a_good_backup",
        f"{FAULTS}test_kills.py::test_a_worker_killed_at_any_moment_of_a_restore_tells_the_truth_about_it",
        f"{FAULTS}test_web_killed.py::test_an_upload_killed_at_any_moment_is_not_there",
        f"{FAULTS}test_web_killed.py::test_a_download_killed_in_the_middle_goes_on_where_it_ended",
        f"{FAULTS}test_disk_full.py::test_a_backup_that_may_not_grow_leaves_nothing_and_says_so",
        f"{FAULTS}test_disk_full.py::test_a_backup_on_a_full_disk_leaves_nothing_and_the_next_one_works",
        f"{FAULTS}test_disk_full.py::test_a_load_into_a_full_database_changes_nothing_and_the_next_one_works",
        f"{FAULTS}test_database_stops.py::test_a_backup_without_its_database_leaves_nothing",
        f"{FAULTS}test_database_stops.py::test_a_load_without_its_database_changes_nothing",
        f"{FAULTS}test_database_stops.py::test_an_undo_without_its_database_did_not_happen",
    ],
    "two at once": [
        f"{FAULTS}test_concurrency.py::test_of_two_processes_one_works_and_the_other_is_told_who_and_since_when",
        f"{BACKUP}test_operations.py::test_of_two_requests_at_once_from_two_processes_one_is_refused",
        f"{BACKUP}test_views.py::test_a_second_backup_is_refused_with_who_and_since",
    ],
    "good backups pruned while new ones fail": [
        f"{BACKUP}test_retention.py::test_never_fewer_proved_ones_than_days_are_kept",
        f"{BACKUP}test_retention.py::test_without_a_new_proof_nothing_goes_by_itself_however_old_it_is",
        f"{BACKUP}test_retention.py::test_a_pin_keeps_an_old_one",
        f"{BACKUP}test_retention.py::test_the_page_shows_what_goes_and_why_and_deletes_it",
    ],
    "locked out by one's own restore": [
        f"{BACKUP}test_restores.py::test_who_restores_stays_signed_in_and_everybody_else_signs_in_anew",
        f"{BACKUP}test_restores.py::test_an_administrator_whom_the_archive_does_not_know_is_added",
    ],
    "restore as an attack": [
        f"{BACKUP}test_restore_pages.py::test_only_admins_see_restores",
        f"{BACKUP}test_restore_pages.py::test_without_the_password_and_the_phrase_nothing_begins",
        f"{BACKUP}test_restore_pages.py::test_a_form_that_is_sent_again_does_not_take_back_its_own_undo",
        f"{BACKUP}test_keys.py::test_who_sits_at_the_screen_of_another_changes_no_key",
        f"{BACKUP}test_restore_pages.py::test_guessing_the_password_is_slowed_down_as_at_the_sign_in",
        f"{BACKUP}test_views.py::test_a_path_in_the_catalogue_leads_nowhere_else",
        f"{BACKUP}test_restores.py::test_each_step_is_in_the_audit_log_with_the_note_at_the_end",
    ],
    "secrets that leak": [
        f"{BACKUP}test_secrets.py::test_an_archive_holds_neither_the_secret_nor_the_key_that_opens_it",
        f"{BACKUP}test_secrets.py::test_with_another_key_it_says_that_it_must_be_entered_again",
        f"{BACKUP}test_engine_create.py::test_the_file_is_private_and_whole_and_bears_its_time_and_revision",
        f"{BACKUP}test_restore.py::test_another_key_is_noted_and_no_hindrance",
    ],
    "a clock that is set back": [
        f"{FAULTS}test_clock.py::test_backups_restores_and_their_undo_work_on_after_the_clock_was_set_back",
        f"{FAULTS}test_clock.py::test_a_clock_that_goes_back_overwrites_no_archive",
        f"{BACKUP}test_schedule.py::test_a_clock_that_had_been_years_ahead_does_not_stop_the_backups",
    ],
}

HARM = {
    "a model without its table or column, found one at a time": [
        f"{GUARDS}without_the_doctor_gaps_would_be_named_one_at_a_time"
    ],
    "a table or column that backup forgets": [
        f"{GUARDS}a_table_left_out_of_the_list_would_be_gone_after_a_restore"
    ],
    "not one moment in time": [
        f"{FAULTS}test_concurrency.py::test_without_the_one_moment_the_archive_would_be_torn_and_is_refused"
    ],
    "memory that grows with the data": [
        f"{FAULTS}test_memory.py::test_create_verify_and_restore_take_as_much_memory_for_fifteen_times_the_rows"
    ],
    "values that change on the way": [
        f"{GUARDS}without_the_digests_other_values_would_be_restored"
    ],
    "a restore that merges, skips or half-applies": [
        f"{GUARDS}without_its_transaction_a_swap_that_fails_would_stay_half_done",
        f"{GUARDS}without_the_look_at_strays_live_tables_would_lean_on_kept_ones",
    ],
    "an older or a newer archive": [
        f"{BACKUP}test_older_archives.py::test_without_bringing_it_up_an_older_archive_would_leave_a_sick_schema"
    ],
    "success that is none": [
        f"{GUARDS}without_the_digests_other_values_would_be_restored",
        f"{GUARDS}without_its_foreign_keys_a_restore_would_bring_orphans",
    ],
    "a cut, damaged or hostile file": [
        f"{GUARDS}without_the_sums_of_the_members_a_changed_file_would_pass_the_check",
        f"{GUARDS}without_the_list_of_members_a_stranger_would_come_along",
        f"{GUARDS}without_the_count_of_bytes_more_would_be_read_than_was_announced",
        f"{GUARDS}without_the_ratio_a_bomb_would_be_unpacked",
    ],
    "killed, disk full, connection lost": [
        f"{GUARDS}without_its_other_name_half_an_archive_would_look_like_one",
        f"{GUARDS}without_being_looked_for_what_dead_runs_wrote_would_stay",
        f"{GUARDS}without_sweeping_the_schemas_of_dead_runs_would_stay",
        f"{FAULTS}test_kills.py::test_without_its_name_in_the_row_first_such_a_file_would_stay",
        f"{FAULTS}test_disk_full.py::test_without_throwing_away_what_is_unfinished_it_would_stay",
    ],
    "two at once": [
        f"{FAULTS}test_concurrency.py::test_without_the_lock_one_of_two_loses_its_scratch_schema"
    ],
    "good backups pruned while new ones fail": [
        f"{AROUND}without_the_floor_all_but_one_proved_backup_of_a_day_would_go",
    ],
    "locked out by one's own restore": [
        f"{AROUND}without_being_carried_over_the_admin_who_restores_would_be_gone"
    ],
    "restore as an attack": [f"{AROUND}without_the_password_anybody_at_the_screen_could_restore"],
    "secrets that leak": [
        f"{AROUND}without_its_mode_everybody_on_the_machine_could_read_an_archive"
    ],
    "a clock that is set back": [
        f"{AROUND}without_the_look_at_what_is_kept_an_undo_would_bring_back_the_wrong_data"
    ],
}

NAMED = sorted({name for table in (GUARDED, HARM) for names in table.values() for name in names})


@pytest.mark.parametrize("name", NAMED, ids=lambda name: name.rpartition("::test_")[2])
def test_each_test_that_is_named_exists(name):
    path, _, function = name.partition("::")
    nodes = ast.walk(ast.parse((ROOT / path).read_text()))
    assert function in {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def test_each_guard_was_seen_to_matter():
    assert GUARDED.keys() == HARM.keys()
