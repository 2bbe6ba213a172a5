-- command: item.put
-- entity: items(:id) any
-- param: id id
-- param: project id
-- param: assignee id?
-- param: title text(0..100)
-- allow: unseen
INSERT INTO items (id, project, assignee, title) VALUES (:id, :project, :assignee, :title)
ON CONFLICT (id) DO UPDATE SET project = excluded.project, assignee = excluded.assignee, title = excluded.title;

-- command: item.add
-- entity: items(:id) new
-- param: id id
-- param: project id
-- param: title text(0..100)
INSERT INTO items (id, project, title) VALUES (:id, :project, :title);

-- command: item.title
-- entity: items(:id)
-- param: id id
-- param: title text(0..100)
UPDATE items SET title = :title WHERE id = :id;

-- command: item.bump
-- entity: items(:id)
-- param: id id
-- param: by int(-9..9)
UPDATE items SET n = n + :by WHERE id = :id;

-- command: item.bump_titled
-- entity: items(:id)
-- param: id id
-- param: title text(0..100)
-- merge: whole
UPDATE items SET n = n + 1, title = :title WHERE id = :id;

-- command: item.tag
-- entity: items(:id)
-- param: id id
-- param: tag text(1..20)
UPDATE items SET tags = set_add(tags, :tag) WHERE id = :id;

-- command: item.untag
-- entity: items(:id)
-- param: id id
-- param: tag text(1..20)
UPDATE items SET tags = set_remove(tags, :tag) WHERE id = :id;

-- command: item.copy
-- entity: items(:id)
-- param: id id
-- param: from id
-- Takes over another item's title.
UPDATE items SET title = coalesce((SELECT title FROM items WHERE id = :from), title) WHERE id = :id;

-- command: item.spread
-- entity: items(:id)
-- param: id id
-- Bumps every item with the same title: which these are is only known when it runs.
UPDATE items SET n = n + 1 WHERE title = (SELECT title FROM items WHERE id = :id);

-- command: item.few
-- entity: items(:id) new
-- param: id id
-- param: project id
-- Reads the whole table.
SELECT require((SELECT count(*) FROM items) < 3, 'too_many');
INSERT INTO items (id, project, title) VALUES (:id, :project, 'few');

-- command: item.remove
-- entity: items(:id) any
-- param: id id
-- allow: unseen
DELETE FROM items WHERE id = :id;

-- command: note.put
-- entity: notes(:id) any
-- param: id id
-- param: item id
-- param: body text(0..100)
-- allow: unseen
INSERT INTO notes (id, item, body) VALUES (:id, :item, :body)
ON CONFLICT (id) DO UPDATE SET item = excluded.item, body = excluded.body;

-- command: note.remove
-- entity: notes(:id) any
-- param: id id
-- allow: unseen
DELETE FROM notes WHERE id = :id;
