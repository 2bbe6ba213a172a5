// The app `tracker`, made from its bundle by `wherry generate typescript`. Do not edit it here.
import type { SqlValue } from '@wherry/client';

export interface CommentEditParams {
  /** uuid */
  id: string;
  /** text(1..40000) */
  body: string;
}

export interface CommentRemoveParams {
  /** uuid */
  id: string;
}

export interface CommentWriteParams {
  /** uuid */
  id: string;
  issue_id: string;
  /** text(1..40000) */
  body: string;
}

export interface ContractEndParams {
  user_id: string;
}

export interface ContractSetParams {
  user_id: string;
  /** int(0..100000) */
  day_rate: number;
}

/** A free field; null removes it. */
export interface FieldSetParams {
  issue_id: string;
  /** text(1..50) */
  name: string;
  /** scalar(0..1000) */
  value?: string | number | boolean | null;
}

export interface FilterRemoveParams {
  /** text(1..100) */
  name: string;
}

export interface FilterSaveParams {
  /** text(1..100) */
  name: string;
  /** json(2..4000) */
  query: unknown;
}

/** Whoever is assigned sees the issue from then on, and sees it no more when another one is. */
export interface IssueAssignParams {
  id: string;
  assignee_id?: string | null;
}

export interface IssueBookParams {
  id: string;
  /** int(-100000..100000) */
  minutes: number;
}

/** Closes it and books the work, unless open issues block it. */
export interface IssueCloseParams {
  id: string;
  /** int(0..100000); default: 0 */
  minutes?: number;
}

/** Takes the next number of its project as the author sees it; the server has the last word. */
export interface IssueCreateParams {
  id: string;
  project_id: string;
  /** text(1..500) */
  title: string;
  lane_id?: string | null;
}

export interface IssueDeleteParams {
  id: string;
}

/** Sets what is given and leaves the rest; a `due_on` that is given as null takes the date away. */
export interface IssueEditParams {
  id: string;
  /** text(1..500) */
  title?: string | null;
  /** text(0..40000) */
  body?: string | null;
  /** text(10..10) */
  due_on?: string | null;
}

export interface IssueEstimateParams {
  id: string;
  /** real(0.0..1000.0) */
  days?: number | null;
}

export interface IssueLabelParams {
  id: string;
  /** text(1..50) */
  label: string;
}

/** Moves the card on the board, between two others. Lane and rank belong together: both or neither. */
export interface IssuePlaceParams {
  id: string;
  lane_id: string;
  after?: string | null;
  before?: string | null;
}

export interface IssueRenumberParams {
  id: string;
  /** int(1..1000000) */
  number: number;
}

export interface IssueReopenParams {
  id: string;
}

/** In a deleted project it stays deleted: that takes project.restore. */
export interface IssueRestoreParams {
  id: string;
}

/** Two issues of a project exchange their numbers; below zero they are out of each other's way. */
export interface IssueSwapNumbersParams {
  id: string;
  other_id: string;
}

/** Moves the issue, with all that belongs to it, to another project, where it gets the next number. */
export interface IssueTransferParams {
  id: string;
  project_id: string;
}

export interface IssueUnlabelParams {
  id: string;
  /** text(1..50) */
  label: string;
}

/** Anyone who sees it. */
export interface IssueVoteParams {
  id: string;
  /** int(-1..1) */
  by: number;
}

/** A column of the board, at its right end. */
export interface LaneCreateParams {
  id: string;
  project_id: string;
  /** text(1..100) */
  name: string;
}

/** Puts the lane behind another one, or first. */
export interface LaneMoveParams {
  id: string;
  after?: string | null;
}

/** Refused with constraint_foreign_key by the server while issues lie in it. */
export interface LaneRemoveParams {
  id: string;
}

/** Both issues must be in sight. An issue linked to itself is constraint_check. */
export interface LinkAddParams {
  from_id: string;
  to_id: string;
  kind: 'blocks' | 'relates';
}

export interface LinkRemoveParams {
  from_id: string;
  to_id: string;
  kind: 'blocks' | 'relates';
}

/** What hr remembers about a member of a team; seen by hr inside that team. */
export interface NoteWriteParams {
  team_id: string;
  user_id: string;
  /** text(1..4000) */
  note: string;
}

export interface PersonRegisterParams {
  id: string;
  /** text(1..200) */
  name: string;
}

export interface PersonSetAvatarParams {
  id: string;
  /** blob(0..20000); base64 */
  image?: string | null;
}

export interface ProjectCreateParams {
  id: string;
  team_id: string;
  /** text(1..200) */
  name: string;
  /** default: false */
  public?: boolean;
}

export interface ProjectDeleteParams {
  id: string;
}

export interface ProjectLockParams {
  id: string;
}

/** Opens the project to the whole workspace, or closes it again. */
export interface ProjectPublishParams {
  id: string;
  public: boolean;
}

export interface ProjectRenameParams {
  id: string;
  /** text(1..200) */
  name: string;
}

export interface ProjectRestoreParams {
  id: string;
}

/** Hands the project with all its issues to another team of its author's. */
export interface ProjectTransferParams {
  id: string;
  team_id: string;
}

export interface ProjectUnlockParams {
  id: string;
}

/** Tells the operators of something; nobody's device ever holds it. */
export interface ReportFileParams {
  id: string;
  issue_id: string;
  /** text(1..2000) */
  reason: string;
}

export interface ReportResolveParams {
  id: string;
}

/** Adds steps at the end of the issue's list; their ids come from the command. */
export interface StepAddParams {
  issue_id: string;
  /** list(text(1..500), 1..50) */
  texts: string[];
}

export interface StepCheckParams {
  issue_id: string;
  id: string;
  done: boolean;
}

export interface StepRemoveParams {
  issue_id: string;
  id: string;
}

export interface TeamAddMemberParams {
  team_id: string;
  user_id: string;
}

/** Its author leads it. */
export interface TeamCreateParams {
  id: string;
  /** text(1..200) */
  name: string;
}

export interface TeamRemoveMemberParams {
  team_id: string;
  user_id: string;
}

export interface TeamRenameParams {
  id: string;
  /** text(1..200) */
  name: string;
}

export interface TeamSetLeadParams {
  team_id: string;
  user_id: string;
  lead: boolean;
}

/** The parameters of each command. */
export interface Commands {
  'comment.edit': CommentEditParams;
  'comment.remove': CommentRemoveParams;
  'comment.write': CommentWriteParams;
  'contract.end': ContractEndParams;
  'contract.set': ContractSetParams;
  'field.set': FieldSetParams;
  'filter.remove': FilterRemoveParams;
  'filter.save': FilterSaveParams;
  'issue.assign': IssueAssignParams;
  'issue.book': IssueBookParams;
  'issue.close': IssueCloseParams;
  'issue.create': IssueCreateParams;
  'issue.delete': IssueDeleteParams;
  'issue.edit': IssueEditParams;
  'issue.estimate': IssueEstimateParams;
  'issue.label': IssueLabelParams;
  'issue.place': IssuePlaceParams;
  'issue.renumber': IssueRenumberParams;
  'issue.reopen': IssueReopenParams;
  'issue.restore': IssueRestoreParams;
  'issue.swap_numbers': IssueSwapNumbersParams;
  'issue.transfer': IssueTransferParams;
  'issue.unlabel': IssueUnlabelParams;
  'issue.vote': IssueVoteParams;
  'lane.create': LaneCreateParams;
  'lane.move': LaneMoveParams;
  'lane.remove': LaneRemoveParams;
  'link.add': LinkAddParams;
  'link.remove': LinkRemoveParams;
  'note.write': NoteWriteParams;
  'person.register': PersonRegisterParams;
  'person.set_avatar': PersonSetAvatarParams;
  'project.create': ProjectCreateParams;
  'project.delete': ProjectDeleteParams;
  'project.lock': ProjectLockParams;
  'project.publish': ProjectPublishParams;
  'project.rename': ProjectRenameParams;
  'project.restore': ProjectRestoreParams;
  'project.transfer': ProjectTransferParams;
  'project.unlock': ProjectUnlockParams;
  'report.file': ReportFileParams;
  'report.resolve': ReportResolveParams;
  'step.add': StepAddParams;
  'step.check': StepCheckParams;
  'step.remove': StepRemoveParams;
  'team.add_member': TeamAddMemberParams;
  'team.create': TeamCreateParams;
  'team.remove_member': TeamRemoveMemberParams;
  'team.rename': TeamRenameParams;
  'team.set_lead': TeamSetLeadParams;
}

/** The codes with which each command's own SQL rejects it. */
export interface Codes {
  'comment.edit': 'not_author';
  'comment.remove': 'not_author';
  'comment.write': 'not_involved';
  'contract.end': 'not_hr';
  'contract.set': 'not_hr';
  'field.set': 'not_involved';
  'filter.remove': never;
  'filter.save': never;
  'issue.assign': 'not_member';
  'issue.book': 'not_involved';
  'issue.close': 'blocked' | 'not_involved';
  'issue.create': 'lane_missing' | 'not_member';
  'issue.delete': 'not_member';
  'issue.edit': 'not_involved';
  'issue.estimate': 'not_involved';
  'issue.label': 'not_involved';
  'issue.place': 'lane_missing' | 'not_member';
  'issue.renumber': 'not_member';
  'issue.reopen': 'not_involved';
  'issue.restore': 'not_member' | 'project_deleted';
  'issue.swap_numbers': 'not_member' | 'other_project';
  'issue.transfer': 'not_member';
  'issue.unlabel': 'label_missing' | 'not_involved';
  'issue.vote': never;
  'lane.create': 'not_member';
  'lane.move': 'not_member';
  'lane.remove': 'not_member';
  'link.add': 'not_involved';
  'link.remove': 'not_involved';
  'note.write': 'not_hr';
  'person.register': 'not_yourself';
  'person.set_avatar': 'not_yourself';
  'project.create': 'not_member';
  'project.delete': 'not_lead';
  'project.lock': 'not_lead';
  'project.publish': 'not_lead';
  'project.rename': 'not_member';
  'project.restore': 'not_lead';
  'project.transfer': 'not_lead' | 'not_member';
  'project.unlock': 'not_lead';
  'report.file': 'not_involved';
  'report.resolve': 'not_admin';
  'step.add': 'not_involved';
  'step.check': 'not_involved';
  'step.remove': 'not_involved';
  'team.add_member': 'not_lead';
  'team.create': never;
  'team.remove_member': 'not_lead';
  'team.rename': 'not_lead';
  'team.set_lead': 'not_lead';
}

/** A row of the table `people`. */
export interface PeopleRow {
  id: string;
  name: string;
  avatar: Uint8Array | null;
}

/** A row of the table `teams`. */
export interface TeamsRow {
  id: string;
  name: string;
  created_by: string;
}

/** A row of the table `team_members`. */
export interface TeamMembersRow {
  team_id: string;
  user_id: string;
  lead: number;
}

/** A row of the table `projects`. */
export interface ProjectsRow {
  id: string;
  team_id: string;
  name: string;
  public: number;
  locked_at: number | null;
  deleted_at: number | null;
}

/** A row of the table `lanes`. */
export interface LanesRow {
  id: string;
  project_id: string;
  name: string;
  rank: string;
}

/** A row of the table `issues`. */
export interface IssuesRow {
  id: string;
  project_id: string;
  number: number;
  lane_id: string | null;
  rank: string;
  title: string;
  body: string;
  due_on: string | null;
  days: number | null;
  assignee_id: string | null;
  created_by: string;
  created_at: number;
  closed_at: number | null;
  deleted_at: number | null;
  /** A set: the text of a JSON array. */
  labels: string;
  /** A counter. */
  votes: number;
  /** A counter. */
  minutes: number;
}

/** A row of the table `steps`. */
export interface StepsRow {
  issue_id: string;
  id: string;
  rank: string;
  text: string;
  done: number;
}

/** A row of the table `links`. */
export interface LinksRow {
  from_id: string;
  to_id: string;
  kind: string;
}

/** A row of the table `fields`. */
export interface FieldsRow {
  issue_id: string;
  name: string;
  value: SqlValue;
}

/** A row of the table `comments`. */
export interface CommentsRow {
  id: string;
  issue_id: string;
  author_id: string;
  body: string;
  written_at: number;
  edited_at: number | null;
}

/** A row of the table `contracts`, for users with the role `hr`. */
export interface ContractsRow {
  user_id: string;
  day_rate: number;
}

/** A row of the table `staff_notes`, for users with the role `hr`. */
export interface StaffNotesRow {
  team_id: string;
  user_id: string;
  note: string;
}

/** A row of the table `filters`, which never leaves this device. */
export interface FiltersRow {
  name: string;
  query: string;
}

/** A row of the table `lane_counts`. */
export interface LaneCountsRow {
  lane_id: string;
  issues: number;
}

/** A row of each table and view on a device. */
export interface Rows {
  people: PeopleRow;
  teams: TeamsRow;
  team_members: TeamMembersRow;
  projects: ProjectsRow;
  lanes: LanesRow;
  issues: IssuesRow;
  steps: StepsRow;
  links: LinksRow;
  fields: FieldsRow;
  comments: CommentsRow;
  contracts: ContractsRow;
  staff_notes: StaffNotesRow;
  filters: FiltersRow;
  lane_counts: LaneCountsRow;
}

/** The scopes that are loaded on demand. */
export type OnDemandScope = `discussion(${string})`;

/** For `Wherry.open<App>(…)` and `useCommand<App>()`. */
export interface App {
  commands: Commands;
  scopes: OnDemandScope;
}
